"""The command line: what a typo, a wrong file or an empty home answers, and with which code."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from truetune.cli import cli

Tune = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]

# Arguments after `tune search quick.yaml`, the exit code, and words of the answer.
BAD_SEARCHES = [
    (["--set", "data.source=sklearn:digit"], 2, "Did you mean 'sklearn:digits'?"),
    (["--set", "data.target=lable"], 2, "Did you mean 'label'?"),
    (["--set", "sampler=tpee"], 2, "Did you mean 'tpe'?"),
    (["--set", "model=mpl"], 2, "Did you mean 'mlp'?"),
    (["--set", "objective.metric=validation_acuracy"], 2, "Did you mean 'validation_accuracy'?"),
    (["--set", "parameters.learning_rate.low=1"], 2, "`low <= high` must hold"),
    (["--set", "parameters.lerning_rate=0.1"], 2, "Did you mean 'learning_rate'?"),
    (["--set", "task=regression"], 2, "is made of classes"),
    (["--set", "data.split.validation=0.001"], 2, "too few"),
    (["--set", "x"], 2, "KEY=VALUE"),
    (["--timeout", "3x"], 2, "a duration reads like"),
    (["--trials", "0"], 2, "x>=1"),
    (["--executor", "spark"], 2, "'ray', 'inline'"),
    (["--address", "ray://host:10001"], 2, "not the address of a cluster's head node"),
    (["--address", "127.0.0.1:1"], 5, "no Ray cluster answers"),
    (["--storage", "nonsense"], 4, "cannot be opened"),
    (["--set", "resources.gpus=1"], 5, "but Ray has 0"),
    (["--home", "quick.yaml"], 2, "is a file"),
    (["--set", "parameters.dropout.when=layer > 1"], 2, "Did you mean 'layers'?"),
    (["--set", "constraints=[layers > 9]"], 2, "not one of 20,000 configurations"),
    (["--from", "other", "--executor", "inline"], 2, "there is no study"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), BAD_SEARCHES)
def test_bad_input_is_told_in_lines_and_creates_nothing(
    arguments: list[str], code: int, words: str, tune: Tune, write_space: Write
) -> None:
    path = write_space()
    done = tune("search", "quick.yaml", *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert [found.name for found in path.parent.iterdir()] == ["quick.yaml"]


def test_every_mistake_of_a_file_is_told_with_its_place(tune: Tune, tmp_path: Path) -> None:
    lines = ["taks: binary", "data: {source: sklearn:iris}", "parameters: {x: {min: 1}}", "a: 1"]
    (tmp_path / "bad.yaml").write_text("\n".join(lines))
    done = tune("search", "bad.yaml")
    assert done.returncode == 2
    places = [line.split(": ")[0] for line in done.stderr.splitlines() if "bad.yaml:" in line]
    assert places == ["bad.yaml:1:1", "bad.yaml:1:1", "bad.yaml:3:14", "bad.yaml:4:1"]


def test_a_missing_file_is_told_in_two_lines(tune: Tune) -> None:
    done = tune("search", "nowhere.yaml")
    assert done.returncode == 2
    cause, fix = done.stderr.splitlines()
    assert cause == "tune: nowhere.yaml: there is no such file."
    assert fix.startswith("  fix: ")


def test_somebody_elses_mlflow_files_are_left_alone(
    tune: Tune, write_space: Write, tmp_path: Path
) -> None:
    write_space()
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").touch()
    done = tune("search", "quick.yaml")
    assert done.returncode == 4
    assert "holds an MLflow file store" in done.stderr
    assert [path.name for path in (tmp_path / "mlruns").iterdir()] == ["0"]


@pytest.mark.parametrize(
    "arguments",
    [["best"], ["best", "x"], ["trials"], ["logs", "x", "1"], ["stop"], ["delete", "x"]],
)
def test_an_empty_home_says_what_to_do_first(arguments: list[str], tune: Tune) -> None:
    done = tune(*arguments)
    assert done.returncode == 2
    assert "there is no study" in done.stderr
    assert "tune search" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["search", "nowhere.yaml", "--json"], ["status", "--bogus", "--json"], ["best", "--json"]],
)
def test_an_error_is_one_json_object_for_a_machine(arguments: list[str], tune: Tune) -> None:
    done = tune(*arguments)
    error = json.loads(done.stdout)["error"]
    assert error["exit_code"] == done.returncode == 2
    assert error["cause"]
    assert "fix" in error


def test_no_studies_are_an_empty_list(tune: Tune) -> None:
    done = tune("status", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"studies": []})


def test_debug_shows_the_traceback(tune: Tune) -> None:
    done = tune("--debug", "search", "nowhere.yaml")
    assert "Traceback" in done.stderr


def test_the_version_is_the_packages(tune: Tune) -> None:
    from importlib.metadata import version

    assert tune("--version").stdout == f"truetune {version('truetune')}\n"


def test_an_unknown_command_is_a_usage_error(tune: Tune) -> None:
    done = tune("serach")
    assert done.returncode == 2
    assert "search" in done.stderr


def test_schema_prints_a_valid_json_schema(tune: Tune) -> None:
    schema = json.loads(tune("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["parameters"]


def test_doctor_looks_at_every_dependency_and_says_who_tune_is(tune: Tune) -> None:
    done = tune("doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings.keys() >= {"torch", "ray", "optuna", "mlflow", "command tune", "open files"}
    assert findings["vault"]["found"].endswith("-vault/truetune")
    assert findings["torch"]["is_good"]
    assert done.returncode == (0 if json.loads(done.stdout)["ok"] else 5)


def test_doctor_finds_a_vault_that_lies_in_the_project(tune: Tune, tmp_path: Path) -> None:
    done = tune("doctor", "--json", env={"XDG_DATA_HOME": str(tmp_path)})
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert (done.returncode, findings["vault"]["is_good"]) == (5, False)
    assert "XDG_DATA_HOME" in findings["vault"]["fix"]


def test_both_commands_are_installed_and_ours() -> None:
    for name in ("tune", "truetune"):
        path = Path(sys.executable).with_name(name)
        done = subprocess.run([path, "--version"], capture_output=True, text=True)
        assert done.stdout.startswith("truetune "), f"{name} is somebody else's"


def test_output_into_a_closed_pipe_is_no_crash(tune: Tune, tmp_path: Path) -> None:
    command = f"{sys.executable} -m truetune.cli schema | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)  # noqa: S602
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_trials_logs_and_delete_of_a_study(tune: Tune, write_space: Write, tmp_path: Path) -> None:
    write_space()
    assert tune("search", "quick.yaml", "--executor", "inline").returncode == 0
    assert len(tune("trials", "quick").stdout.splitlines()) == 6
    assert "validation_accuracy" in tune("logs", "quick", 0).stdout
    assert tune("delete", "quick").returncode != 0
    deleted = tune("delete", "quick", "--yes")
    assert "Deleted 'quick' with 6 trials." in deleted.stdout
    assert json.loads(tune("status", "--json").stdout) == {"studies": []}
    assert not (tmp_path / "mlruns" / "artifacts" / "quick" / "trials").exists()


@pytest.mark.parametrize(
    ("command", "path", "words"),
    [
        (["dashboard"], "/api/studies", '"quick"'),
        (["ui"], "/", "<title>MLflow</title>"),
    ],
)
def test_the_dashboards_answer_on_this_machine_only(
    command: list[str], path: str, words: str, tune: Tune, write_space: Write, tmp_path: Path
) -> None:
    write_space()
    assert tune("search", "quick.yaml", "--executor", "inline").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "truetune.cli", *command, "--port", str(port)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert words in fetch(f"http://127.0.0.1:{port}{path}", timeout_s=60)
        taken = tune(*command, "--port", port)
        assert (taken.returncode, f"port {port} is taken" in taken.stderr) == (5, True)
    finally:
        server.send_signal(2)
        server.wait(timeout=30)


def fetch(url: str, timeout_s: float) -> str:
    """Return a page as soon as its server answers."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as page:
                return str(page.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def test_a_command_that_is_interrupted_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("truetune.search.check.check", interrupted)
    done = CliRunner().invoke(cli, ["check", "space.yaml"])
    assert (done.exit_code, done.stderr) == (130, "tune: interrupted.\n")
