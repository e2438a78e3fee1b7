"""A search with several objectives and bounds, from the file to what each command says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.errors import GuardError, InputError
from truetune.search.chosen import Chosen
from truetune.search.exporting import export
from truetune.search.front_plot import write_front
from truetune.search.home import Home
from truetune.search.mlflow_writer import _metrics
from truetune.search.queries import Studies
from truetune.search.recorder import as_record
from truetune.search.summary import Summary
from truetune.search.trade_offs import MAX_SHOWN, front_lines, number
from truetune.search.verify import verify
from truetune.spaces import load
from truetune.spaces.document import read

TWO = ["validation_loss", "n_parameters"]
Search = Callable[..., Summary]


def size_of(parameters: dict[str, Any]) -> int:
    """Return the parameters of a perceptron with 4 inputs and 3 outputs, by hand."""
    n, layers = parameters["hidden_units"], parameters["layers"]
    return (4 * n + n) + (layers - 1) * (n * n + n) + (3 * n + 3)


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory, search_here: Search
) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("two")
    space = folder / "two.yaml"
    content = load(Path(__file__).parents[1] / "flat.yaml").model_dump(mode="json")
    content |= {"data": {"source": "sklearn:iris"}, "objective": TWO, "budget": {"trials": 8}}
    content |= {"study": "two", "pruner": "none", "training": {"epochs": 3}}
    content |= {"outcome_constraints": ["n_parameters <= 3000"]}
    content["parameters"]["hidden_units"] |= {"low": 4, "high": 64}
    space.write_text(json.dumps(content))
    return folder, search_here(space)


def test_the_front_of_a_search_is_what_no_trial_dominates(searched: tuple[Path, Summary]) -> None:
    folder, summary = searched
    studies = Studies(Home.at(folder / "mlruns"))
    trials = {t.number: t for t in studies.load("two").trials}
    assert all(t.values[1] == size_of(t.params) for t in trials.values())
    possible = {n: tuple(t.values) for n, t in trials.items() if t.values[1] <= 3000}
    front = [
        n
        for n, (loss, size) in possible.items()
        if not any(
            a <= loss and b <= size and (a, b) != (loss, size) for a, b in possible.values()
        )
    ]
    told = summary.to_json()
    assert sorted(each["number"] for each in told["best"]) == sorted(front)
    assert [each["values"]["validation_loss"] for each in told["best"]] == sorted(
        possible[n][0] for n in front
    )
    assert told["objectives"] == [
        {"metric": "validation_loss", "direction": "minimize"},
        {"metric": "n_parameters", "direction": "minimize"},
    ]


def test_every_command_tells_the_same_front(searched: tuple[Path, Summary]) -> None:
    folder, summary = searched
    home = ["--home", str(folder / "mlruns")]
    front = summary.to_json()["best"]
    for command in ("best", "status"):
        done = CliRunner().invoke(cli, [command, "two", *home, "--json"])
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["best"] == front
    shown = CliRunner().invoke(cli, ["best", "two", *home]).stdout.splitlines()
    assert [line.split()[0] for line in shown[1:]] == [str(each["number"]) for each in front]
    assert shown[0].split() == ["trial", *TWO]
    told = CliRunner().invoke(cli, ["status", "two", *home]).stdout
    assert f"(trial {front[0]['number']}), {len(front)} on the front" in told
    assert f"Best in validation_loss is trial {front[0]['number']}," in summary.to_text("tune")


def test_what_comes_after_a_search_takes_the_best_primary_or_the_named_trial(
    searched: tuple[Path, Summary],
) -> None:
    folder, summary = searched
    home = Home.at(folder / "mlruns")
    front = [each["number"] for each in summary.to_json()["best"]]
    assert Chosen.of(home, None, "two").trial.number == front[0]
    assert Chosen.of(home, None, "two", front[-1]).trial.number == front[-1]
    text = export(Studies(home), "two", None, folder / "best.yaml")
    (folder / "best.yaml").write_text(text)
    exported = load(folder / "best.yaml")
    assert [each.metric for each in exported.objectives] == TWO
    assert read(folder / "best.yaml").data["study"] == f"two-trial-{front[0]}"


def test_a_front_is_drawn(searched: tuple[Path, Summary]) -> None:
    folder, _ = searched
    study = Studies(Home.at(folder / "mlruns")).load("two")
    written = write_front(study, folder / "plots")
    assert [path.name for path in written] == ["front.html", "front.png"]
    assert all(path.stat().st_size > 1000 for path in written)
    assert "on the front" in written[0].read_text()


def test_mlflow_is_told_what_a_trial_costs(searched: tuple[Path, Summary]) -> None:
    folder, _ = searched
    trial = Studies(Home.at(folder / "mlruns")).load("two").trials[0]
    found = {metric.key: metric.value for metric in _metrics(as_record(trial))}
    assert found["n_parameters"] == trial.values[1]
    assert found["objective"] == trial.values[0]


def test_latency_and_operations_are_measured_where_they_are_named(
    write_space: Callable[..., Path], search_here: Search
) -> None:
    bounds = ["latency_1_ms <= 1000", "flops >= 1"]
    space = write_space(outcome_constraints=bounds, budget={"trials": 2})
    best = search_here(space).to_json()["best"]
    assert best["metrics"]["latency_1_ms"] > 0
    n, layers = best["parameters"]["hidden_units"], best["parameters"]["layers"]
    assert best["metrics"]["flops"] == 2 * (4 * n + (layers - 1) * n * n + 3 * n)
    assert "n_parameters" not in best["metrics"]


def test_where_no_trial_keeps_a_bound_the_nearest_is_told(
    write_space: Callable[..., Path], search_here: Search, tmp_path: Path
) -> None:
    space = write_space(
        outcome_constraints=["n_parameters <= 4"],
        budget={"trials": 2},
        pruner="none",
        parameters={"hidden_units": {"type": "int", "low": 4, "high": 5}},
    )
    summary = search_here(space)
    assert (summary.state, summary.best) == ("finished", None)
    told = (
        "no completed trial keeps to all of `outcome_constraints:`; the nearest is trial "
        f"0, which breaks `n_parameters <= 4` with {summary_size(summary, tmp_path)}"
    )
    assert told in summary.to_text("tune")
    with pytest.raises(InputError, match="the nearest is trial 0"):
        Studies(Home.at(tmp_path / "mlruns")).best("quick")
    with pytest.raises(GuardError, match="the nearest is trial 0"):
        verify(tmp_path / "mlruns", study="quick")


def summary_size(summary: Summary, folder: Path) -> int:
    study = Studies(Home.at(folder / "mlruns")).load(summary.study)
    return size_of({"layers": 1, **study.trials[0].params})


OWN = """
def train(config, development, seed):
    x = config["x"]
    for epoch in range(2):
        yield {"score": x, "price": x * x, "weight": 1.0}
"""


def test_a_function_of_ones_own_may_yield_several_objectives(
    write_space: Callable[..., Path], search_here: Search, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    score = {"metric": "score", "direction": "maximize", "function": "./own.py:train"}
    space = write_space(
        objective=[score, {"metric": "price", "direction": "minimize"}],
        outcome_constraints=["price <= 0.81"],
        parameters={"x": {"type": "float", "low": 0.0, "high": 1.0}},
        training={"epochs": 2},
        model="mlp",
        budget={"trials": 6},
        pruner="none",
    )
    found = search_here(space).to_json()["best"]
    scores = [each["values"]["score"] for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(x <= 0.9 for x in scores)
    assert len(scores) >= 2  # more score costs more: all that the bound allows are on the front


def test_a_front_in_words_lists_the_best_and_says_how_many_are_left() -> None:
    front = [
        {"number": n, "values": {"loss": n / 8, "flops": 1e6 + n}, "parameters": {"rate": 0.5}}
        for n in range(MAX_SHOWN + 3)
    ]
    lines = front_lines(front)
    assert len(lines) == MAX_SHOWN + 2
    assert lines[1].split() == ["0", "0", "1,000,000", "rate", "0.5"]
    assert lines[-1] == "  and 3 more: `tune best --json` has them all"
    assert front_lines([]) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [(17860.0, "17,860"), (999.0, "999"), (0.131912, "0.1319"), (12345.678, "1.235e+04")],
)
def test_a_count_is_shown_whole(value: float, shown: str) -> None:
    assert number(value) == shown
