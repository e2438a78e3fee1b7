"""Rows that are more than a list of numbers, and networks that see some of it, are examined as
they were trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from scipy.special import expit
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score

from truetune.errors import InputError
from truetune.objectives import sources
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Array
from truetune.objectives.features import Features, take
from truetune.objectives.files import PREDICTIONS, WEIGHTS, save
from truetune.objectives.guard.examination import examine, examined
from truetune.objectives.guard.predicting import Network, Unit, predictions_of
from truetune.objectives.preparation import develop
from truetune.objectives.requirements import problems
from truetune.objectives.splits import split_rows
from truetune.objectives.trainer import EagerPack
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[2] / "flat.yaml"
QUICK = {"training.epochs": 6, "training.early_stopping": None, "training.learning_rate": 0.01}
MAKE = Callable[..., Any]  # of an `Examinable`: see tests/conftest.py
BOTH = {"type": "categorical", "choices": [True, False]}
WORDS = np.array(["late", "nice", "blue", "box", "again", "very"])


def rows(n: int = 300, is_told: bool = False) -> pd.DataFrame:
    """Rows of numbers, a level and a note, and whether they were bought for all of these, or for
    the note's first word."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.normal(size=n) for name in "abc"})
    frame["level"] = rng.choice(["low", "middle", "high"], n)
    frame["note"] = [" ".join(rng.choice(WORDS, k)) for k in rng.integers(1, 9, n)]
    late = frame["note"].str.startswith("late")
    if is_told:
        return frame.assign(bought=np.where(late, "yes", "no"))
    signal = frame["a"] - 2 * frame["b"] + (frame["level"] == "low") + 3 * late
    return frame.assign(bought=np.where(signal + rng.normal(size=n) > 0.5, "yes", "no"))


def of_csv(
    folder: Path, roles: dict[str, str], is_told: bool = False, **overrides: Any
) -> Experiment:
    folder.mkdir(parents=True, exist_ok=True)
    rows(is_told=is_told).to_csv(folder / "rows.csv", index=False)
    data = {"source": str(folder / "rows.csv"), "target": "bought", "columns": roles}
    parameters = {"layers": {"type": "int", "low": 1, "high": 2}}
    settings = {"data": data, "task": "binary", "parameters": parameters}
    return load(FLAT, {**QUICK, **settings, **overrides})


def of_digits(model: str, *shape: int) -> Experiment:
    settings = {"data.source": "sklearn:digits", "data.preprocess.shape": list(shape)}
    return load(FLAT, {**QUICK, **settings, "training.epochs": 1, "model": model})


NUMBERS = {"note": "drop"}
OF_WORDS = {**dict.fromkeys(["a", "b", "c", "level"], "drop"), "note": "words"}
SUBSET = {"parameters.inputs.a": BOTH, "parameters.n_inputs": {"type": "int", "low": 1, "high": 4}}


@pytest.mark.parametrize(
    ("make", "configuration"),
    [
        (lambda f: of_csv(f, NUMBERS, **SUBSET), {"inputs.a": False, "n_inputs": 2}),
        (lambda f: of_csv(f, NUMBERS, model="tabular", **SUBSET), {"n_inputs": 2}),
        (lambda f: of_csv(f, NUMBERS, model="tabular"), {"embedding_size": 2}),
        (lambda f: of_csv(f, NUMBERS, **{**SUBSET, "data.split.folds": 3}), {"n_inputs": 3}),
        (lambda f: of_csv(f, OF_WORDS, model="gru"), {"hidden_units": 4}),
        (lambda f: of_csv(f, OF_WORDS, model="lstm", **{"data.split.folds": 3}), {"layers": 2}),
        (lambda _: of_digits("cnn", 8, 8), {"channels": 4}),
        (lambda _: of_digits("resnet", 1, 8, 8), {"channels": 4}),
        (lambda _: of_digits("lstm", 8, 8), {"hidden_units": 4}),
    ],
    ids=["subset", "embedded", "categories", "folds", "words", "lstm", "cnn", "resnet", "steps"],
)
@pytest.mark.usefixtures("here")
def test_validation_rows_are_predicted_as_the_trainer_did(
    make: Callable[[Path], Experiment], configuration: dict[str, Any], tmp_path: Path
) -> None:
    experiment = make(tmp_path)
    configuration = {
        **({} if experiment.model.name == "resnet" else {"layers": 1}),
        **configuration,
    }
    development = develop(experiment)
    pack = EagerPack(Assignment(0, configuration, seed=7), experiment, development, "cpu")
    while pack.advance()[-1].kept_epoch is None:
        pass
    save(pack.results(0), tmp_path, with_weights=True)
    (found,) = predictions_of(
        [Network(0, configuration, str(tmp_path / WEIGHTS))],
        (fold.x_validation for fold in development.folds),
        [Features.from_json(text).describe(sources.load(experiment.data).inputs)
         for text in development.preprocessing],
        [Unit(fold.target_mean, fold.target_scale) for fold in development.folds],
        experiment,
        development.description.n_outputs,
    )  # fmt: skip
    np.testing.assert_array_equal(found, np.load(tmp_path / PREDICTIONS))


def by_hand(study: Any, of_fold: int, prefix: str, columns: list[str] | None) -> float:
    """Return the winner's test accuracy, from the source, with NumPy and the columns it keeps."""
    experiment = study.experiment
    table = sources.load(experiment.data)
    split = split_rows(table, experiment.data.split, experiment.task)
    train = split.folds[of_fold].train
    features = Features.fit(take(table.inputs, train), experiment.data.preprocess)
    x, origins = features.transform(table.inputs, split.test), features.origins(table.inputs)
    stored = load_file(study.request.contestants[0].weights)
    kept = stored[f"{prefix}kept"]
    if columns is not None:
        assert [origins[i] for i in kept] == [name for name in origins if name in columns]
    layers = f"{prefix}network."
    weights = {k.removeprefix(layers): v for k, v in stored.items() if k.startswith(layers)}
    hidden = np.maximum(x[:, kept] @ weights["hidden.0.weight"].T + weights["hidden.0.bias"], 0)
    outputs: Array = hidden @ weights["output.weight"].T + weights["output.bias"]
    classes = np.unique(table.targets[train])
    return float(
        accuracy_score(
            table.targets[split.test], classes[(expit(outputs[:, 0]) > 0.5).astype(int)]
        )
    )


def test_study_whose_trials_leave_columns_is_examined_with_those_they_kept(
    make_examinable: MAKE, tmp_path: Path
) -> None:
    overrides = {"parameters.inputs.a": BOTH, "parameters.inputs.level": BOTH}
    experiment = of_csv(tmp_path, NUMBERS, **overrides)
    assert problems(experiment) == []
    chosen = {"inputs.a": True, "inputs.level": False}
    study = make_examinable(tmp_path, experiment, **chosen)
    answered = examine(study.request)
    expected = by_hand(study, 0, "", ["a", "b", "c"])
    assert answered["metrics"]["winner"]["accuracy"] == pytest.approx(expected)
    assert answered["shift"]["columns"] is not None


@pytest.mark.usefixtures("here")
def test_study_of_the_best_columns_is_examined_with_each_folds_own(
    make_examinable: MAKE, tmp_path: Path
) -> None:
    experiment = of_csv(tmp_path, NUMBERS, **{**SUBSET, "data.split.folds": 3})
    study = make_examinable(tmp_path, experiment, n_inputs=2)
    answered = examined(study.request)
    expected = [by_hand(study, i, f"{i}.", None) for i in range(3)]
    assert answered["metrics"]["winner"]["accuracy"] == pytest.approx(np.mean(expected))


@pytest.mark.usefixtures("here")
def test_weights_of_another_subset_are_another_networks(
    make_examinable: MAKE, tmp_path: Path
) -> None:
    experiment = of_csv(tmp_path, NUMBERS, **SUBSET)
    study = make_examinable(tmp_path, experiment, n_inputs=1)
    for contestant in study.request.contestants:
        contestant.configuration["n_inputs"] = 3
    with pytest.raises(InputError, match="another network's"):
        examined(study.request)


@pytest.mark.usefixtures("here")
def test_new_rows_are_read_word_by_word_with_the_words_of_then(
    make_examinable: MAKE, tmp_path: Path
) -> None:
    longer = {"training.epochs": 30, "training.learning_rate": 0.02}
    experiment = of_csv(tmp_path, OF_WORDS, is_told=True, model="gru", **longer)
    study = make_examinable(tmp_path, experiment)
    new = rows(150, is_told=True).assign(note=lambda frame: frame["note"] + " zebra")
    new[["bought", "note", "a"]].to_csv(tmp_path / "new.csv", index=False)
    answered = examined(replace(study.request, new=str(tmp_path / "new.csv")))
    assert answered["n_rows"] == 150
    told = [answered["metrics"][name]["balanced_accuracy"] for name in ("winner", "default")]
    assert max(told) > 0.9


@pytest.mark.usefixtures("here")
def test_new_rows_that_are_lists_are_given_the_studys_shape(
    make_examinable: MAKE, tmp_path: Path
) -> None:
    experiment = of_digits("lstm", 8, 8)
    study = make_examinable(tmp_path, experiment)
    digits = load_digits()
    np.savez(tmp_path / "new.npz", x=digits.data + 0.5, y=digits.target)
    answered = examined(replace(study.request, new=str(tmp_path / "new.npz")))
    assert answered["n_rows"] == 1797
    assert answered["metrics"]["winner"]["accuracy"] > 0.2
