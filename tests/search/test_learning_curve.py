"""`tune learning-curve`: what it says, what it leaves, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.objectives.learning_curve import LearningCurve, Run
from truetune.search.home import Home
from truetune.search.learning_curve import ATTRIBUTE, MoreData
from truetune.search.queries import Studies
from truetune.search.summary import Summary

from ..conftest import FLAT

SIZES = [32, 64, 128, 256, 512, 1024]
Law = Callable[[Any], Any]


def found(law: Law, noise: float = 0.01, **more: Any) -> MoreData:
    """What is said of runs that follow a law."""
    rng = np.random.default_rng(0)
    runs = tuple(
        Run(n, k, float(law(n) * (1 + noise * rng.standard_normal())), 0.01, False)
        for n in SIZES
        for k in range(3)
    )
    curve = LearningCurve("validation_loss", True, SIZES[-1], runs)
    content: dict[str, Any] = {"target": None, "notes": (), "plots": (Path("curve.html"),)}
    return MoreData("made", 4, curve, **{**content, **more})


@pytest.mark.parametrize(
    ("law", "noise", "verdict", "words"),
    [
        (
            lambda n: 0.02 + 3 * n**-0.5,
            0.01,
            "yes",
            "More rows are the cure: twice as many take 2",
        ),
        (lambda n: 0.3 + 0 * n, 0.01, "no", "are not the cure: 10 times as many take"),
        (lambda n: 0.3 + 30 * n**-1.5, 0.01, "no", "Change the model, the inputs"),
        (lambda n: 0.2 + 2 * n**-0.6, 0.3, "unclear", "More --seeds would tell."),
    ],
)
def test_more_rows_are_the_cure_or_they_are_not(
    law: Law, noise: float, verdict: str, words: str
) -> None:
    more = found(law, noise)
    assert more.verdict == verdict
    assert words in more.to_text()


def test_what_is_expected_stands_in_text_and_json_with_its_interval() -> None:
    more = found(lambda n: 0.02 + 3 * n**-0.5)
    content = json.loads(json.dumps(more.to_json()))
    assert [e["rows"] for e in content["expected"]] == [2048, 4096, 10240]
    for expected in content["expected"]:
        truth = 0.02 + 3 * expected["rows"] ** -0.5
        assert expected["low"] <= truth <= expected["high"]
    twice = content["expected"][0]
    shown = f"{twice['value']:.4g} ({twice['low']:.4g} to {twice['high']:.4g})"
    assert shown in more.to_text()
    assert content["needed"] is None


def test_how_many_rows_a_target_takes_is_said() -> None:
    more = found(lambda n: 0.02 + 3 * n**-0.5, target=0.08)
    needed = more.to_json()["needed"]
    assert needed["low"] <= 2500 <= needed["high"]
    assert f"loss 0.08 takes {needed['value']:,} rows" in more.to_text()
    never = found(lambda n: 0.3 + 0 * n, target=0.1)
    assert never.to_json()["needed"] == {"target": 0.1, "value": None, "low": None, "high": None}
    assert "loss 0.1 is not reached with any number of rows" in never.to_text()


# A study


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory, search_here: Callable[..., Summary]
) -> Path:
    """A folder in which a study of three trials is."""
    folder = tmp_path_factory.mktemp("curve")
    shutil.copy(FLAT, folder / "flat.yaml")
    settings = {
        "data.source": "sklearn:iris",
        "training.epochs": 3,
        "budget.trials": 3,
        "card": {"human_level": 0.2},
    }
    search_here(folder / "flat.yaml", study="curve", **settings)
    return folder


@pytest.fixture
def draw(searched: Path) -> Callable[..., Any]:
    def run(*arguments: Any, exit_code: int = 0) -> Any:
        home = ("--home", str(searched / "mlruns"))
        done = CliRunner().invoke(cli, ["learning-curve", *map(str, arguments), *home])
        assert done.exit_code == exit_code, done.output
        return done

    return run


def test_a_curve_of_the_best_trial_is_printed_drawn_and_kept(
    draw: Any, searched: Path, tmp_path: Path
) -> None:
    arguments = ("--sizes", 5, "--seeds", 2, "--out", tmp_path / "pictures", "--json")
    content = json.loads(draw(*arguments).stdout)
    study = Studies(Home.at(searched / "mlruns")).load("curve")
    assert content == study.user_attrs[ATTRIBUTE]
    best = study.best_trial
    assert content["trial"] == best.number
    whole = [run for run in content["runs"] if run["n_rows"] == content["rows"]]
    assert whole[0]["value"] == pytest.approx(best.value, rel=1e-4)
    assert len(content["runs"]) == 10
    assert content["needed"]["target"] == 0.2  # the human level
    plots = [Path(plot) for plot in content["plots"]]
    assert [plot.name for plot in plots] == ["learning-curve.html", "learning-curve.png"]
    assert all(plot.stat().st_size > 1000 for plot in plots)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "there is no study 'nobody'"),
        (["--trial", 99], "has no trial 99"),
        (["--sizes", 4], "5<=x<=20"),
        (["--seeds", 1], "2<=x<=50"),
        (["--target", "nan"], "--target is a number, a value of validation_loss, but got nan"),
    ],
)
def test_what_makes_no_sense_is_refused(draw: Any, arguments: list[Any], words: str) -> None:
    said = " ".join(draw(*arguments, exit_code=2).stderr.split())
    assert words in said.replace("fix: ", "")


def test_a_picture_that_cannot_be_written_is_refused(draw: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = draw("--sizes", 5, "--seeds", 2, "--out", tmp_path / "file" / "in", exit_code=4)
    assert "cannot be written to" in done.stderr
