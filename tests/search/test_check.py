"""`tune check`: every finding with its place, and nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.objectives.sanity.process import Look
from truetune.search import forecast
from truetune.search.check import check, text
from truetune.search.forecast import Forecast
from truetune.search.trying_out import TriedOut

SPACES = sorted((Path(__file__).resolve().parents[2] / "spaces").glob("*.yaml"))


def write(tmp_path: Path, **sections: Any) -> Path:
    content: dict[str, Any] = {
        "data": {"source": "sklearn:iris"},
        "task": "classification",
        "parameters": {"layers": {"type": "int", "low": 1, "high": 3}},
    }
    path = tmp_path / "space.yaml"
    path.write_text(json.dumps(content | sections, indent=1))
    return path


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_a_shipped_space_has_nothing_to_find(path: Path) -> None:
    checked = check(path, {})
    assert (checked.is_good, checked.findings) == (True, [])
    assert f"{path}: nothing is wrong with it." in text(path, checked)


def test_errors_of_the_file_come_all_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, taks="x", seed=-1)
    checked = check(path, {})
    assert [f.level for f in checked.findings] == ["error", "error"]
    typo, seed = checked.findings
    assert (typo.where, typo.found, typo.fix) == (
        f"{path}:13:2",
        '"taks": "x",',
        "Did you mean 'task'?",
    )
    assert seed.where == f"{path}:14:2"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"data": {"source": "sklearn:irs"}}, "Did you mean 'sklearn:iris'?"),
        ({"sampler": "tpee"}, "Did you mean 'tpe'?"),
        ({"pruner": {"name": "median", "n_startup": 3}}, "Did you mean 'n_startup_trials'?"),
        ({"parameters": {"lairs": 3}}, "Did you mean 'layers'?"),
        ({"constraints": ["layers > 5"]}, "not one of 20,000 configurations"),
    ],
)
def test_errors_of_the_world_are_found_without_starting_anything(
    sections: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, **sections)
    (finding,) = check(path, {}).findings
    assert finding.level == "error"
    assert words in f"{finding.rule} {finding.fix}"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    (finding,) = check(tmp_path / "nowhere.yaml", {}).findings
    assert (finding.level, finding.where) == ("error", str(tmp_path / "nowhere.yaml"))


def test_what_is_hardly_meant_is_a_warning(tmp_path: Path) -> None:
    widths = {"type": "int", "low": 1, "high": 40, "repeat": "layers"}
    parameters = {
        "layers": {"type": "int", "low": 3, "high": 4},
        "hidden_units": widths,
        "dropout": {"type": "float", "low": 0.0, "high": 0.5, "when": "layers > 9"},
    }
    constraints = ["hidden_units[i+1] <= hidden_units[i] / 2"]
    parameters["hidden_units"]["default"] = [40, 20, 10, 5]  # type: ignore[index]
    checked = check(write(tmp_path, parameters=parameters, constraints=constraints), {})
    never, few = checked.findings
    assert checked.is_good
    assert never.rule == "not one of 1,000 configurations has 'dropout'."
    assert few.rule.endswith("of configurations meet all constraints.")
    assert "warning" in text(tmp_path / "space.yaml", checked)


def test_a_setting_of_the_command_line_is_named_as_such(tmp_path: Path) -> None:
    (finding,) = check(write(tmp_path), {"parameters.layers.low": 9}).findings
    assert finding.rule == "`low <= high` must hold, but got low: 9, high: 3."
    (finding,) = check(write(tmp_path), {"budget.trails": 9}).findings
    assert (finding.where, finding.found) == ("--set budget.trails", "")


def test_a_finite_space_is_counted_and_its_constraints_are_weighed(tmp_path: Path) -> None:
    sizes = {"type": "categorical", "choices": [16, 32]}
    path = write(tmp_path, parameters={"batch_size": sizes, "learning_rate": 0.1})
    assert "  Size         2 configurations\n" in text(path, check(path, {}))
    path = write(tmp_path, parameters={"batch_size": sizes}, constraints=["batch_size < 20"])
    assert "  Size         about 1 of 2 configurations\n" in text(path, check(path, {}))


ROWS = "x,y\n" + "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(60))
OWN_CODE = """\
from pathlib import Path
import pandas as pd
def rows():
    Path("was-run").touch()
    return pd.DataFrame({"x": range(60), "y": ["a", "b"] * 30})
"""


def test_what_keeps_data_from_being_read_is_told_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    columns = {"x": "date", "z": "drop"}
    data = {"source": "./rows.csv", "target": "y", "columns": columns}
    checked = check(write(tmp_path, data=data, task="binary"), {})
    (finding,) = checked.findings
    assert (finding.level, checked.is_good) == ("error", False)
    assert finding.found == '"columns": {'
    assert "there is no column 'z'" in finding.rule


def test_a_static_check_reads_no_data_and_runs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN_CODE)
    path = write(tmp_path, data={"source": "./own.py:rows", "target": "y"}, task="binary")
    told: list[str] = []
    assert check(path, {}, is_static=True, say=told.append).is_good
    assert (told, (tmp_path / "was-run").exists()) == ([], False)
    assert check(path, {}, say=told.append).sizes == {
        **{"rows": 60, "train": 36, "validation": 12, "test": 12},
        **{"left_out": 0, "folds": 1, "inputs": 1},
    }
    assert told == [f"space: runs code of {tmp_path / 'own.py'}"]
    assert (tmp_path / "was-run").exists()


def test_a_profile_is_written_where_the_data_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(ROWS)
    path = write(tmp_path, data={"source": "./rows.csv", "target": "y"}, task="binary")
    done = CliRunner().invoke(cli, ["check", str(path), "--profile", "--json", "--no-training"])
    assert json.loads(done.stdout)["profile"] == "space-profile.html"
    assert (tmp_path / "space-profile.html").read_text().startswith("<!")
    done = CliRunner().invoke(cli, ["check", str(path), "--profile", "--static"])
    assert (done.exit_code, "--static does not read" in done.stderr) == (2, True)


def test_an_error_in_the_data_is_ranked_first_and_exits_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{i % 7},{'same' if i else 'other'},{i % 2},{i % 2}\n" for i in range(2000)]
    (tmp_path / "rows.csv").write_text("x,nearly,copy,y\n" + "".join(lines))
    path = write(tmp_path, data={"source": "./rows.csv", "target": "y"}, task="binary")
    done = CliRunner().invoke(cli, ["check", str(path), "--json", "--no-training"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["ok"]) == (2, False)
    assert found["findings"][0]["where"] == "column 'copy'"
    assert {"level", "where", "rule", "found", "fix"} <= found["findings"][0].keys()
    assert "a search would mean nothing" in text(path, check(path, {}))


@pytest.fixture
def without_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a forecast take no time; how it is made has tests of its own."""
    monkeypatch.setattr(forecast, "of", lambda *_: Forecast(cause="it is not asked here."))


OWN_NET = """\
from pathlib import Path
from torch import nn
def build(inputs, n_outputs):
    Path(__file__).with_name("was-built").touch()
    return nn.Sequential(nn.Linear(inputs.n, n_outputs), nn.Softmax(dim=1))
"""


def test_a_training_that_cannot_work_is_an_error(tmp_path: Path, without_forecast: None) -> None:
    (tmp_path / "own.py").write_text(OWN_NET)
    parameters = {"learning_rate": {"type": "float", "low": 0.01, "high": 0.1}}
    path = write(tmp_path, model="./own.py:build", parameters=parameters)
    assert check(path, {}).findings == []
    assert not (tmp_path / "was-built").exists()
    told: list[str] = []
    checked = check(path, {}, say=told.append, with_training=True)
    (finding,) = checked.findings
    assert (checked.is_good, finding.fix) == (False, "Remove the softmax.")
    assert told[0] == f"space: runs code of {tmp_path / 'own.py'}"
    assert "error: one row is learnt by heart, but after" in text(path, checked)
    assert checked.tried is not None
    assert checked.tried.forecast is None  # of a search that would mean nothing


def test_what_a_sound_training_shows_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_forecast: None
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path)
    done = CliRunner().invoke(cli, ["check", str(path), "--json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["findings"]) == (0, [])
    assert found["training"]["loss_of_nothing"] == pytest.approx(1.0986, abs=1e-4)  # log 3
    assert found["training"]["largest"]["configuration"] == {"layers": 3}
    assert found["forecast"] == {"cause": "it is not asked here."}
    assert "training" not in json.loads(
        CliRunner().invoke(cli, ["check", str(path), "--json", "--no-training"]).stdout
    )


def test_what_was_seen_is_told_in_words() -> None:
    largest = {"n_parameters": 1234, "total": 5 * 2**20, "n_rows": 64}
    facts = {
        "n_configurations": 7,
        "first_loss": 2.8251,
        "loss_of_nothing": 2.3026,
        "one_row_steps": 1,
        "some_rows": 8,
        "some_rows_steps": 20,
        "largest": {**largest, "configuration": {"learning_rate": 0.1, "layers": 3}},
        "left_out": ["3 of 10 configurations"],
    }
    assert TriedOut(Look([], facts)).lines() == [
        "  The training",
        "    7 networks of the space looked at",
        "    trial 0 begins with a loss of 2.83; knowing nothing costs 2.3",
        "    it learns one row by heart in 1 step, 8 rows in 20 steps",
        "    the largest has 1,234 weights and takes about 5 MiB for a step of 64 rows:",
        "      learning_rate: 0.1, layers: 3",
        "    not looked at, for want of time: 3 of 10 configurations",
        "",
    ]
