"""Examination: what is answered is what a hand-written evaluation of the test rows finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from scipy.special import expit, softmax
from sklearn import metrics

from truetune.errors import GuardError, InputError
from truetune.objectives import sources
from truetune.objectives.development import Array
from truetune.objectives.features import Features, take
from truetune.objectives.guard.examination import examine, examined
from truetune.objectives.splits import split_rows
from truetune.spaces import Experiment, load
from truetune.spaces.experiment import Preprocess

FLAT = Path(__file__).parents[2] / "flat.yaml"
QUICK = {"training.epochs": 8, "training.early_stopping": None, "training.learning_rate": 0.01}
MAKE = Callable[[Path, Experiment], Any]  # of an `Examinable`: see tests/conftest.py


def experiment_of(source: str, task: str, **overrides: Any) -> Experiment:
    parameters = {name: p for name, p in load(FLAT).parameters.items() if name != "learning_rate"}
    settings = {**QUICK, "data.source": source, "task": task, "parameters": parameters}
    return load(FLAT, {**settings, "data.split.stratify": None, **overrides})


def rows(n: int, seed: int = 0, **shifted: float) -> pd.DataFrame:
    """Rows of numbers, a level, a yes or no and a value that depend on them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.normal(shifted.get(name, 0), 1, n) for name in "abc"})
    frame["level"] = rng.choice(["low", "middle", "high"], n)
    frame["who"] = rng.integers(0, n // 5, n)
    steps = frame["level"].map({"low": -1.0, "middle": 0.0, "high": 1.0})
    signal = frame["a"] - frame["b"] + steps
    frame["bought"] = np.where(signal + rng.normal(size=n) > 0, "yes", "no")
    frame["value"] = 100 + 20 * signal + rng.normal(0, 5, n)
    return frame


def written(folder: Path, frame: pd.DataFrame, name: str = "rows.csv") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / name, index=False)
    return str(folder / name)


def of_csv(folder: Path, task: str, **overrides: Any) -> Experiment:
    target = "value" if task == "regression" else "bought"
    other = "bought" if task == "regression" else "value"
    frame = rows(400).drop(columns=other)
    columns = {"data.target": target, "data.columns": {"who": "drop"}}
    return experiment_of(written(folder, frame), task, **{**columns, **overrides})


@pytest.fixture(scope="module")
def iris(make_examinable: MAKE, tmp_path_factory: pytest.TempPathFactory) -> Any:
    experiment = experiment_of("sklearn:iris", "classification")
    return make_examinable(tmp_path_factory.mktemp("iris"), experiment)


@pytest.fixture(scope="module")
def binary(make_examinable: MAKE, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("binary")
    return make_examinable(folder, of_csv(folder, "binary"))


@pytest.fixture(scope="module")
def folded(make_examinable: MAKE, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("folded")
    overrides = {"data.split": {"folds": 3}, "objective.metric": "validation_rmse"}
    return make_examinable(folder, of_csv(folder, "regression", **overrides))


def by_hand(study: Any, name: str) -> list[dict[str, float]]:
    """Return a contestant's test metrics in each fold, from the source, with NumPy alone."""
    experiment = study.experiment
    table = sources.load(experiment.data)
    split = split_rows(table, experiment.data.split, experiment.task)
    weights = load_file(next(c.weights for c in study.request.contestants if c.name == name))
    found = []
    for i, fold in enumerate(split.folds):
        features = Features.fit(take(table.inputs, fold.train), Preprocess())
        prefix = f"{i}." if len(split.folds) > 1 else ""
        own = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        outputs = forward(own, features.transform(table.inputs, split.test))
        train, test = table.targets[fold.train], table.targets[split.test]
        found.append(METRICS[experiment.task](outputs, train, test))
    return found


def forward(weights: dict[str, Array], x: Array) -> Array:
    """Return an MLP's outputs (rows, outputs)."""
    n_hidden = sum(name.startswith("hidden") for name in weights) // 2
    for i in range(n_hidden):
        x = np.maximum(x @ weights[f"hidden.{i}.weight"].T + weights[f"hidden.{i}.bias"], 0)
    return (x @ weights["output.weight"].T + weights["output.bias"]).astype(np.float64)


def of_classes(outputs: Array, train: Array, test: Array) -> dict[str, float]:
    probabilities = softmax(outputs, axis=1)
    classes = np.unique(train)
    return {
        "loss": metrics.log_loss(test, probabilities, labels=classes),
        **of_answers(test, classes[outputs.argmax(axis=1)], average="macro"),
        "auroc": metrics.roc_auc_score(test, probabilities, multi_class="ovr", labels=classes),
    }


def of_two(outputs: Array, train: Array, test: Array) -> dict[str, float]:
    second, classes = expit(outputs[:, 0]), np.unique(train)
    return {
        "loss": metrics.log_loss(test, np.stack([1 - second, second], axis=1)),
        **of_answers(test, classes[(second > 0.5).astype(int)], pos_label=classes[1]),
        "auroc": metrics.roc_auc_score(test == classes[1], second),
    }


def of_answers(test: Array, answers: Array, **of_f1: Any) -> dict[str, float]:
    return {
        "accuracy": metrics.accuracy_score(test, answers),
        "balanced_accuracy": metrics.balanced_accuracy_score(test, answers),
        "f1": metrics.f1_score(test, answers, **of_f1),
    }


def of_numbers(outputs: Array, train: Array, test: Array) -> dict[str, float]:
    mean, deviation = train.mean(), train.std()
    predicted = outputs[:, 0] * deviation + mean
    return {
        "loss": metrics.mean_squared_error(test / deviation, predicted / deviation),
        "rmse": metrics.root_mean_squared_error(test, predicted),
        "mae": metrics.mean_absolute_error(test, predicted),
        "r2": metrics.r2_score(test, predicted),
    }


METRICS = {"classification": of_classes, "binary": of_two, "regression": of_numbers}


@pytest.mark.parametrize("name", ["iris", "binary", "folded"])
def test_metrics_are_those_of_an_evaluation_by_hand(
    name: str, request: pytest.FixtureRequest
) -> None:
    study = request.getfixturevalue(name)
    answered = examine(study.request)
    assert answered["n_rows"] == study.development.description.n_test
    assert (answered["n_unknown"], answered["n_copies"]) == (0, 0)
    assert answered["blocks"] == ""
    assert answered["seconds"] > 0
    objective = study.experiment.objective.metric.removeprefix("validation_")
    for contestant in ("winner", "default"):
        of_folds = by_hand(study, contestant)
        expected = {key: np.mean([fold[key] for fold in of_folds]) for key in of_folds[0]}
        assert answered["metrics"][contestant] == pytest.approx(expected, rel=1e-4)
        value, low, high = answered["interval"][contestant]
        assert value == answered["metrics"][contestant][objective]
        assert low < value < high
    assert answered["metrics"]["winner"] != answered["metrics"]["default"]


@pytest.mark.usefixtures("here")
def test_test_rows_of_a_random_split_are_no_shift(binary: Any) -> None:
    shift = examined(binary.request)["shift"]
    assert shift["interval"][0] <= 0.5 <= shift["interval"][1]
    assert {name for name, _ in shift["columns"]} <= {"a", "b", "c", "level"}
    assert len(shift["directions"]) == len(shift["columns"]) == 3


@pytest.mark.usefixtures("here")
def test_answer_holds_no_row_and_no_outcome_of_one(iris: Any) -> None:
    """Numbers about all rows: as many, however many rows there are."""
    answered = examined(iris.request)
    assert set(answered) == {
        "n_rows",
        "metrics",
        "interval",
        "n_unknown",
        "blocks",
        "shift",
        "n_copies",
        "seconds",
    }
    assert len(json.dumps(answered)) < 1_000


@pytest.mark.usefixtures("here")
def test_without_the_source_nothing_is_compared(binary: Any, tmp_path: Path) -> None:
    content = binary.experiment.model_dump(mode="json")
    content["data"]["source"] = str(tmp_path / "gone.csv")
    answered = examined(replace(binary.request, experiment=content))
    assert (answered["shift"], answered["n_copies"]) == (None, None)
    assert answered["metrics"] == examined(binary.request)["metrics"]


@pytest.mark.usefixtures("here")
def test_source_that_has_changed_is_not_what_was_developed_on(binary: Any, tmp_path: Path) -> None:
    frame = rows(400).drop(columns="value")
    frame.loc[0, "a"] += 1
    content = binary.experiment.model_dump(mode="json")
    content["data"]["source"] = written(tmp_path, frame)
    answered = examined(replace(binary.request, experiment=content))
    assert (answered["shift"], answered["n_copies"]) == (None, None)


@pytest.mark.usefixtures("here")
def test_rows_of_a_group_are_one_block(make_examinable: MAKE, tmp_path: Path) -> None:
    overrides = {"data.split": {"groups": "who"}, "data.columns": {}}
    study = make_examinable(tmp_path, of_csv(tmp_path, "binary", **overrides))
    answered = examined(study.request)
    assert answered["blocks"] == "group"
    alone = examined(replace(study.request, new=new_rows(tmp_path, who=False)))
    assert alone["blocks"] == ""  # new rows without the column


def new_rows(folder: Path, n: int = 150, who: bool = True, **shifted: float) -> str:
    frame = rows(n, seed=1, **shifted)
    return written(folder, frame if who else frame.drop(columns="who"), "new.csv")


@pytest.mark.usefixtures("here")
def test_new_rows_are_scored_as_a_study_of_their_own_would_be(binary: Any, tmp_path: Path) -> None:
    """Whatever else they have, and in whatever order the columns are."""
    frame = rows(150, seed=1)
    source = written(tmp_path, frame.assign(extra="x")[[*reversed(frame.columns), "extra"]])
    answered = examined(replace(binary.request, new=source))
    features = Features.from_json(Path(binary.request.study_data, "features.0.json").read_text())
    inputs = frame[["a", "b", "c", "level"]].astype({"level": "category"})
    x = features.transform(inputs, np.arange(len(frame)))
    outputs = forward(load_file(binary.request.contestants[0].weights), x)
    expected = of_two(outputs, np.array(["no", "yes"]), frame["bought"].to_numpy())
    assert answered["n_rows"] == 150
    assert answered["metrics"]["winner"] == pytest.approx(expected, rel=1e-4)
    assert answered["n_copies"] == 0


@pytest.mark.usefixtures("here")
def test_new_rows_that_have_shifted_are_told_apart(binary: Any, tmp_path: Path) -> None:
    shift = examined(replace(binary.request, new=new_rows(tmp_path, a=2.0)))["shift"]
    assert shift["interval"][0] > 0.5
    assert shift["columns"][0][0] == "a"
    assert shift["directions"][0] == "higher"


@pytest.mark.usefixtures("here")
def test_copies_of_development_rows_are_counted_whatever_their_target(
    binary: Any, tmp_path: Path
) -> None:
    developed = binary.development.folds[0].train_rows[:20]
    frame = pd.concat([rows(150, seed=1), rows(400).iloc[developed]])
    frame.loc[frame.index[-5:], "bought"] = "no"
    answered = examined(replace(binary.request, new=written(tmp_path, frame)))
    assert (answered["n_rows"], answered["n_copies"]) == (170, 20)


@pytest.mark.usefixtures("here")
def test_class_that_nothing_was_trained_on_is_a_wrong_answer(binary: Any, tmp_path: Path) -> None:
    frame = rows(100, seed=1)
    known = examined(replace(binary.request, new=written(tmp_path, frame)))
    frame = pd.concat([frame, frame.assign(bought="maybe")])
    answered = examined(replace(binary.request, new=written(tmp_path, frame)))
    assert answered["n_unknown"] == 100
    for name in ("winner", "default"):
        before, after = (each["metrics"][name] for each in (known, answered))
        assert after["accuracy"] == pytest.approx(before["accuracy"] / 2)
        assert after["loss"] > before["loss"]


@pytest.mark.usefixtures("here")
def test_rows_of_no_known_class_are_refused(binary: Any, tmp_path: Path) -> None:
    source = written(tmp_path, rows(50, seed=1).assign(bought="maybe"))
    with pytest.raises(InputError, match="not one is"):
        examined(replace(binary.request, new=source))


def test_sealed_rows_are_no_new_rows(binary: Any, tmp_path: Path) -> None:
    """In another order, under another name, and among others: a look by another name."""
    table = sources.load(binary.experiment.data)
    test = split_rows(table, binary.experiment.data.split, "binary").test
    sealed = rows(400).iloc[test]
    some = pd.concat([rows(150, seed=1), sealed.iloc[:20]])
    source = written(tmp_path, some.sample(frac=1, random_state=0))
    with pytest.raises(GuardError, match=r"20 of the 170 .* are among the 80"):
        examined(replace(binary.request, new=source))


@pytest.mark.usefixtures("here")
def test_new_rows_beside_a_few_sealed_ones_are_scored(binary: Any, tmp_path: Path) -> None:
    table = sources.load(binary.experiment.data)
    test = split_rows(table, binary.experiment.data.split, "binary").test
    some = pd.concat([rows(150, seed=1), rows(400).iloc[test[:7]]])
    assert examined(replace(binary.request, new=written(tmp_path, some)))["n_rows"] == 157


def test_vault_of_another_manifest_stays_shut(iris: Any) -> None:
    with pytest.raises(GuardError, match="the study began with another"):
        examined(replace(iris.request, manifest_sha256="0" * 64))
