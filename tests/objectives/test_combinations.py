"""Settings that cannot both be meant are told before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.requirements import problems
from truetune.objectives.settings import AUGMENTATIONS
from truetune.spaces import Experiment, load

FLAT = Path(__file__).parents[1] / "flat.yaml"
SMALL = {"type": "float", "low": 0.1, "high": 0.2}
TEXTS = "text,label\ngood words,1\nbad words,0\n"


def experiment(**overrides: Any) -> Experiment:
    said = {key.replace("__", "."): value for key, value in overrides.items()}
    return load(FLAT, {"training": None, **said})


def told(**overrides: Any) -> list[str]:
    found = problems(experiment(**overrides))
    return [f"{'.'.join(map(str, p.where))}: {p.rule} {p.fix}" for p in found]


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    (tmp_path / "photos").mkdir()
    return str(tmp_path / "photos")


@pytest.fixture
def table(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "texts.csv").write_text(TEXTS)
    return {"data__source": str(tmp_path / "texts.csv"), "data__target": "label"}


@pytest.mark.parametrize(
    ("cost", "rule", "fix"),
    [
        ("focl", "there is no cost 'focl' of a classification.", "Did you mean 'focal'?"),
        ("mse", "there is no cost 'mse' of a classification.", "Known: cross_entropy, focal."),
        (
            "./own.py",
            "there is no cost './own.py' of a classification.",
            "A cost of your own is `./file.py:name` or `package.module:name`.",
        ),
    ],
)
def test_a_cost_is_one_of_its_task(cost: str, rule: str, fix: str) -> None:
    assert told(training__cost=cost) == [f"training.cost: {rule} {fix}"]
    varied = {"type": "categorical", "choices": ["cross_entropy", cost]}
    assert told(parameters__cost=varied) == [f"parameters.cost: {rule} {fix}"]


def test_a_cost_of_ones_own_is_looked_for_without_running_it(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("raise SystemExit\ndef pinball(outputs, targets): ...\ndef one(x): ...\n")
    assert told(training__cost=f"{file}:pinball") == []
    assert told(training__cost=f"{file}:pinbal") == [
        f"training.cost: {file}: there is no function 'pinbal'. Did you mean 'pinball'?"
    ]
    assert told(training__cost=f"{file}:one") == [
        "training.cost: line 3 of own.py: 'one' is called with (outputs, targets), but takes "
        "(x). Write `def one(outputs, targets):`."
    ]
    (absent,) = told(training__cost=f"{tmp_path / 'other.py'}:pinball")
    assert "there is no such file" in absent


def test_words_are_not_blended(table: dict[str, Any]) -> None:
    words = {**table, "data__columns": {"text": "words"}, "model": "lstm", "parameters": None}
    of_model = {"parameters__hidden_units": 8}
    rule = "`mixup` blends the numbers of rows, but those of `text: words` stand for words."
    fix = "Remove it, or write `text: text`."
    assert told(**words, **of_model, training__mixup=0.2) == [f"training.mixup: {rule} {fix}"]
    assert told(**words, **of_model, parameters__mixup=SMALL) == [
        f"parameters.mixup: {rule} {fix}"
    ]
    assert told(**words, **of_model, training__mixup=0.0) == []
    assert told(**table, training__mixup=0.2) == []


def test_a_table_is_no_picture(table: dict[str, Any]) -> None:
    said = {"training__augment_flip": True, "parameters__augment_crop": SMALL}
    assert told(**table, **said) == [
        "parameters.augment_crop: `augment_crop` is for pictures, but got the table texts.csv. "
        "Remove it.",
        "training.augment_flip: `augment_flip` is for pictures, but got the table texts.csv. "
        "Remove it.",
    ]
    neutral = {"training__augment_flip": False, "training__augment_crop": 1.0}
    assert told(**table, **neutral) == []


def test_rows_of_a_built_in_set_are_pictures_once_they_have_a_shape() -> None:
    said = {"data__source": "sklearn:digits", "training__augment_rotation": 10}
    (flat,) = told(**said)
    assert "is for pictures, but got the rows of sklearn:digits." in flat
    (one,) = told(**said, data__preprocess__shape=[64])
    assert "is for pictures, but got rows of 64 numbers." in one
    assert told(**said, data__preprocess__shape=[8, 8]) == []


def test_every_setting_of_augmentation_may_vary(pictures: str) -> None:
    flips = {"type": "categorical", "choices": [False, True]}
    varied = {
        f"parameters__{name}": flips if name == "augment_flip" else SMALL for name in AUGMENTATIONS
    }
    assert told(data__source=pictures, **varied) == []
    beyond = {**SMALL, "high": 2.0}
    (problem,) = told(data__source=pictures, parameters__augment_zoom=beyond)
    assert problem.startswith("parameters.augment_zoom: the trainer refuses augment_zoom: 2.0")


def test_layers_are_kept_back_only_where_they_have_learned(tmp_path: Path) -> None:
    rule = "`unfreeze_every` keeps back layers that have learned elsewhere, but none have."
    fix = "Add `start_from:` with a file of weights, or remove it."
    assert told(training__unfreeze_every=2) == [f"training.unfreeze_every: {rule} {fix}"]
    varied = {"type": "int", "low": 1, "high": 3}
    assert told(parameters__unfreeze_every=varied) == [f"parameters.unfreeze_every: {rule} {fix}"]
    (tmp_path / "weights.pt").write_bytes(b"")
    weights = str(tmp_path / "weights.pt")
    assert told(training__unfreeze_every=2, training__start_from=weights) == []
    assert told(training__layer_rate=0.5) == []


def test_batch_norm_needs_more_than_one_row() -> None:
    rule = "batch norm takes the variance of a minibatch's rows, but a `batch_size` of 1 has one."
    batch = {"model": {"name": "mlp", "norm": "batch"}}
    assert told(**batch, parameters__batch_size=1) == [
        f"parameters.batch_size: {rule} Take more rows, or write `norm: layer`."
    ]
    sizes = {"type": "int", "low": 1, "high": 2}
    norms = {"type": "categorical", "choices": ["none", "batch"]}
    both = {"parameters__batch_size": sizes, "parameters__norm": norms}
    assert told(**both) == [
        f"parameters.batch_size: {rule} Take more rows, or write `norm: layer`."
    ]
    for norm in ("none", "layer"):
        layered = {"model": {"name": "mlp", "norm": norm}}
        assert told(**layered, parameters__batch_size=1) == []
    assert told(**batch, parameters__batch_size=2) == []


@pytest.mark.parametrize("model", ["tabular", "resnet", "resnet18"])
def test_some_models_have_batch_norm_where_nothing_is_said(model: str, pictures: str) -> None:
    said = {"model": model, "parameters": None, "parameters__learning_rate": SMALL}
    found = told(**said, data__source=pictures, training__batch_size=1)
    assert [problem.partition(":")[0] for problem in found] == ["training.batch_size"]
    assert told(**said, data__source=pictures, training__batch_size=2) == []
