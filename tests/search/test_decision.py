"""`tune threshold`: a study's answers, set on what its trials predicted for validation rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from truetune.errors import InputError
from truetune.objectives.decision import drawing
from truetune.objectives.decision.rules import rule_of
from truetune.objectives.files import PREDICTIONS, VALIDATION
from truetune.objectives.preparation import develop
from truetune.search import run as running
from truetune.search.decision import decide, decided, forget
from truetune.search.decision_wishes import Wish, class_number, costs_of
from truetune.search.home import Home
from truetune.search.queries import Studies

SPACE: dict[str, Any] = {
    "study": "flowers",
    "data": {"source": "rows.csv", "target": "kind"},
    "task": "classification",
    "training": {"epochs": 3},
    "parameters": {"learning_rate": {"type": "float", "low": 0.003, "high": 0.03, "log": True}},
    "budget": {"trials": 2},
    "pruner": "none",
    "baselines": [],
}


@pytest.fixture(scope="module")
def original(search_here: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three classes, one of two, whose folds are validated on, and one of numbers."""
    from sklearn.datasets import load_iris

    folder = tmp_path_factory.mktemp("deciding")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(running, "Preparation", in_this_process)
    iris = load_iris(as_frame=True).frame
    iris["kind"] = iris.pop("target").map({0: "setosa", 1: "red:blue", 2: "virginica"})
    iris["is_last"] = np.where(iris["kind"] == "virginica", "yes", "no")
    iris["petal width (cm)"] += np.random.default_rng(0).normal(0, 0.6, len(iris))
    iris.to_csv(folder / "rows.csv", index=False)
    data = {"source": "rows.csv", "columns": {"is_last": "drop"}}
    of_two = {"source": "rows.csv", "target": "is_last", "columns": {"kind": "drop"}}
    cases = {
        "flowers": {"data": {**data, "target": "kind"}},
        "last": {"data": {**of_two, "split": {"folds": 2}}, "task": "binary"},
        "numbers": {
            "data": {**data, "target": "sepal width (cm)"},
            "task": "regression",
        },
    }
    for name, sections in cases.items():
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps({**SPACE, **sections, "study": name}))
        search_here(path)
    monkeypatch.undo()
    return folder


def in_this_process(*arguments: Any) -> SimpleNamespace:
    """A preparation without a process of its own."""
    return SimpleNamespace(
        result=lambda: develop(*arguments), interrupt=lambda: None, cancel=lambda: None
    )


@pytest.fixture
def home(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of their home; ranges from few draws."""
    monkeypatch.setattr(drawing, "_RESAMPLES", (40, 40))
    shutil.copytree(original / "mlruns", tmp_path / "mlruns")
    return Home.at(tmp_path / "mlruns")


def kept(home: Home, name: str) -> tuple[int, np.ndarray, np.ndarray]:
    """Return a study's best trial, what it predicted, and the true classes."""
    number = Studies(home).best(name)["number"]
    probabilities = np.load(home.trials(name) / str(number) / PREDICTIONS)
    targets = np.load(home.data(name) / VALIDATION)["targets"].reshape(-1).astype(int)
    return number, probabilities, targets


def test_a_threshold_is_set_on_the_predictions_of_all_folds_and_kept(home: Home) -> None:
    report = decide(home, None, "last", None, Wish(recall=0.9)).to_json()
    number, probabilities, targets = kept(home, "last")
    assert (report["trial"], report["n_rows"]) == (number, len(targets)) == (number, 120)
    content = decided(Studies(home).load("last"))
    assert content is not None
    assert (content["trial"], content["goal"]) == (number, {"recall": 0.9})
    answers = rule_of(content["rule"]).answers(probabilities)
    assert metrics.recall_score(targets, answers) >= 0.9
    found = report["chosen"]["figures"]
    assert found["recall"] == pytest.approx(metrics.recall_score(targets, answers))
    assert found["precision"] == pytest.approx(metrics.precision_score(targets, answers))
    trained = report["as_trained"]
    assert trained["recall"] == pytest.approx(
        metrics.recall_score(targets, probabilities[:, 0] > 0.5)
    )
    assert report["decided"] == content
    json.dumps(report)


def test_without_a_goal_nothing_is_kept_and_thresholds_are_shown(home: Home) -> None:
    report = decide(home, None, "last", None, Wish())
    content = report.to_json()
    assert (content["chosen"], content["stored"], content["decided"]) == (None, False, None)
    thresholds = [row["threshold"] for row in content["table"]]
    assert thresholds == sorted(thresholds)
    assert 0.5 in thresholds
    recalls = [row["recall"] for row in content["table"]]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] == 1
    assert "nothing: say what mistakes cost" in report.to_text()


def test_costs_of_two_classes_are_held_against_theory(home: Home) -> None:
    report = decide(home, None, "last", None, Wish(costs=("yes=3", "no=1"))).to_json()
    assert report["bayes"]["threshold"] == pytest.approx(1 / 4)
    _, probabilities, targets = kept(home, "last")
    answers = rule_of(report["rule"]).answers(probabilities)
    costs = np.array([[0, 1], [3, 0]])[targets, answers]
    assert report["chosen"]["figures"]["cost"] == pytest.approx(costs.mean())
    assert report["chosen"]["by"] in ("rows", "theory")


def test_costs_of_several_classes_decide_all_answers(home: Home) -> None:
    report = decide(home, None, "flowers", None, Wish(costs=("virginica=9", "red:blue:setosa=4")))
    content = report.to_json()
    number, probabilities, targets = kept(home, "flowers")
    matrix = np.array([[0, 1, 4.0], [1, 0, 1], [9, 9, 0]])
    classes = content["classes"]
    assert classes == ["red:blue", "setosa", "virginica"]
    matrix = np.array([[0, 4.0, 1], [1, 0, 1], [9, 9, 0]])
    answers = (probabilities @ matrix).argmin(axis=1)
    assert content["by_cost"]["cost"] == pytest.approx(matrix[targets, answers].mean())
    plain = matrix[targets, probabilities.argmax(axis=1)].mean()
    assert content["as_trained"]["cost"] == pytest.approx(plain)
    better = content["by_cost"]["cost"] < plain
    assert content["rule"]["rule"] == ("costs" if better else "likeliest")
    assert "recall by cost" in report.to_text()
    assert number == content["trial"]


def test_one_of_several_classes_has_a_threshold(home: Home) -> None:
    wish = Wish(precision=0.7, of_class="virginica")
    report = decide(home, None, "flowers", 1, wish)
    content = report.to_json()
    assert content["trial"] == 1
    assert content["rule"]["number"] == 2
    assert content["chosen"]["figures"]["precision"] >= 0.7
    assert "likeliest other's probability is above" in report.to_text()


def test_what_was_decided_is_forgotten(home: Home) -> None:
    decide(home, None, "last", None, Wish(recall=0.9))
    assert decided(Studies(home).load("last")) is not None
    assert forget(home, None, "last") == "last"
    assert decided(Studies(home).load("last")) is None


@pytest.mark.parametrize(
    ("name", "wish", "words"),
    [
        ("numbers", {"recall": 0.9}, "'numbers' predicts numbers"),
        ("flowers", {"recall": 0.9}, "there are 3: red:blue, setosa, virginica"),
        ("flowers", {"recall": 0.9, "of_class": "virginia"}, "no class 'virginia'"),
        ("last", {"costs": ("maybe=2",)}, "but got 'maybe=2'"),
        ("none", {}, "no study 'none'"),
    ],
)
def test_what_cannot_be_decided_is_told(
    home: Home, name: str, wish: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        decide(home, None, name, None, Wish(**wish))
    assert error.value.fix


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_predictions_that_are_not_there_are_told_of(home: Home, damage: str) -> None:
    number, probabilities, _ = kept(home, "last")
    path = home.trials("last") / str(number) / PREDICTIONS
    path.unlink()
    if damage == "short":
        np.save(path, probabilities[:-1])
    with pytest.raises(InputError, match=r"cannot be read|predictions for 119"):
        decide(home, None, "last", None, Wish())


@pytest.mark.parametrize(
    ("said", "matrix"),
    [
        ((), ((0, 1, 1), (1, 0, 1), (1, 1, 0))),
        (("a=2",), ((0, 2, 2), (1, 0, 1), (1, 1, 0))),
        (("a=2", "a:b=5"), ((0, 5, 2), (1, 0, 1), (1, 1, 0))),
        (("a:b=5", "a=2"), ((0, 2, 2), (1, 0, 1), (1, 1, 0))),
        (("c:d=0.5",), ((0, 1, 1), (1, 0, 1), (0.5, 0.5, 0))),  # a class with a colon
        (("c:d:a=7", "a:c:d=0"), ((0, 1, 0), (1, 0, 1), (7, 1, 0))),
    ],
)
def test_costs_are_read(said: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> None:
    assert costs_of(said, ("a", "b", "c:d")).costs == matrix


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("a",), "but got 'a'"),
        (("a=",), "with a number from 0, but got 'a='"),
        (("a=-1",), "with a number from 0"),
        (("a=inf",), "with a number from 0"),
        (("a=nan",), "with a number from 0"),
        (("a:a=3",), "a right answer costs nothing"),
        (("a:e=3",), "CLASS:ANSWER=COST, but got 'a:e=3'"),
        (("a=0", "b=0", "c:d=0"), "all mistakes cost 0"),
    ],
)
def test_costs_that_are_none_are_told(said: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        costs_of(said, ("a", "b", "c:d"))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"recall": 0.9, "precision": 0.9}, "for one goal"),
        ({"recall": 0.9, "costs": ("a=2",)}, "for one goal"),
        ({"recall": 0.0}, "--recall is a share above 0"),
        ({"precision": 1.1}, "--precision is a share above 0, up to 1, but got 1.1"),
        ({"recall": float("nan")}, "but got nan"),
    ],
)
def test_a_wish_that_is_none_is_told(wish: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Wish(**wish)


def test_numbers_are_classes_by_how_they_are_written() -> None:
    assert class_number(None, (0, 1)) == 1
    assert class_number("0", (0, 1)) == 0
    assert costs_of(("0=2",), (0, 1)).costs == ((0, 2), (1, 0))
