"""The range test of a file: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from truetune.errors import InputError, StorageError, TuneError
from truetune.objectives import range_test as objective
from truetune.objectives.preparation import develop
from truetune.objectives.rate_curve import Curve, Marks, Point
from truetune.search import lr
from truetune.search.lr import RangeTest, picture, range_test, rounded
from truetune.search.plots import Picture
from truetune.spaces import load
from truetune.spaces.parameters import Float

Write = Callable[..., Path]

OWN = """
from torch import nn

def make(inputs, n_outputs, width: int):
    return nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, n_outputs))

class Detached(nn.Module):
    def __init__(self, inputs, n_outputs):
        super().__init__()
        self.layer = nn.Linear(4, n_outputs)

    def forward(self, x):
        return self.layer(x) * 0

def broken(inputs, n_outputs):
    raise IndexError("list index out of range")
"""
RATE = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
WIDTH = {"type": "int", "low": 4, "high": 16}


def named(_: Picture, stem: Path) -> list[Path]:
    return [stem.with_suffix(".html"), stem.with_suffix(".png")]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Read the data in this process, sweep once, and only name the pictures, which take longer."""
    monkeypatch.setattr(lr, "prepare", develop)
    monkeypatch.setattr(objective, "SECONDS", 0.0)
    monkeypatch.setattr(lr, "write", named)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def with_own(write_space: Write, here: Path) -> Callable[..., Path]:
    """Write an experiment whose model is a function of `OWN`."""

    def write(name: str, **parameters: Any) -> Path:
        (here / "own.py").write_text(OWN)
        return write_space(model="./own.py:" + name, parameters=parameters)

    return write


def swept(path: Path, say: Callable[[str], None] = lambda _: None, **overrides: Any) -> RangeTest:
    return range_test(path, overrides, Path("out"), say)


def pieces(text: str) -> list[str]:
    """Return what stands in a text as YAML: its lines that are indented by four and have a key."""
    blocks = [block for block in text.split("\n\n") if block.startswith("    ")]
    return [block for block in blocks if not block.startswith("    tune")]


def test_a_test_has_marks_a_range_and_pictures(write_space: Write) -> None:
    content = swept(write_space()).to_json()
    assert content["steepest"] < content["suggested"] < content["minimum"]
    assert content["range"]["low"] < content["suggested"] < content["range"]["high"]
    assert content["minimum"] <= content["range"]["high"] <= 3.1 * content["minimum"]
    assert content["plots"] == ["out/quick-lr.html", "out/quick-lr.png"]
    assert len(content["curve"]["learning_rate"]) == len(content["curve"]["loss"]) > 100
    assert json.loads(json.dumps(content)) == json.loads(json.dumps(content, allow_nan=False))


def test_the_text_has_the_marks_and_what_to_write(write_space: Write) -> None:
    found = swept(write_space())
    content, text = found.to_json(), found.to_text()
    for name in ("steepest", "suggested", "minimum"):
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {name} "))
        assert float(line.split()[1]) == content[name]
    assert "out/quick-lr.html" in text
    assert "holds the suggestion" in text


def test_what_is_to_be_written_into_the_file_loads_and_is_the_suggestion(
    write_space: Write,
) -> None:
    path = write_space()
    found = swept(path)
    content, settings = found.to_json(), json.loads(path.read_text())
    as_range, fixed = (yaml.safe_load(piece) for piece in pieces(found.to_text()))
    settings["parameters"] |= as_range["parameters"]
    rate = load(write_space("range.yaml", **settings)).parameters["learning_rate"]
    assert isinstance(rate, Float)
    assert rate.start() == content["suggested"]
    assert {"low": rate.low, "high": rate.high} == content["range"]
    del settings["parameters"]["learning_rate"]
    settings["training"] |= fixed["training"]
    again = load(write_space("fixed.yaml", **settings))
    assert again.training.learning_rate == content["suggested"]


@pytest.mark.parametrize(("rate", "digits"), [(0.012345, 0.012), (9.99e-6, 1e-5), (3.0, 3.0)])
def test_a_rate_has_two_digits(rate: float, digits: float) -> None:
    assert rounded(rate) == digits


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"parameters.learning_rate.high": 1e-4}, "0.0001 to 0.0001, does not hold"),
        ({"parameters.learning_rate": 0.5}, ""),
        ({}, "0.0001 to 0.1, holds the suggestion"),
    ],
)
def test_the_files_own_range_is_held_against_the_suggestion(
    settings: dict[str, Any], words: str, write_space: Write
) -> None:
    assert words in swept(write_space(), **settings).to_text()


def test_a_file_without_a_range_is_told_its_own_rate(write_space: Write) -> None:
    text = swept(write_space(parameters={"layers": 1})).to_text()
    assert "The file's own rate is 0.001." in text


def test_where_the_optimizer_or_the_model_varies_their_choices_are_told(
    write_space: Write,
) -> None:
    parameters = {
        "learning_rate": RATE,
        "model": {"type": "categorical", "choices": ["linear", "mlp"]},
        "optimizer": {"type": "categorical", "choices": ["sgd", "adam"]},
    }
    path = write_space(parameters=parameters, model=None)
    found = swept(path)
    assert found.configuration == {"model": "linear", "optimizer": "sgd"}
    assert f"tune lr {path} --set parameters.model.default=mlp" in found.to_text()
    other = swept(path, **{"parameters.optimizer.default": "adam"})
    assert other.configuration["optimizer"] == "adam"
    assert other.curve != found.curve


def test_the_model_of_trial_0_is_tested(write_space: Write) -> None:
    choices = {"type": "categorical", "choices": ["linear", "mlp"], "default": "mlp"}
    found = swept(write_space(parameters={"model": choices}, model=None))
    assert found.configuration == {"model": "mlp"}


def test_a_model_of_ones_own_is_tested_and_told_beforehand(
    with_own: Callable[..., Path], here: Path
) -> None:
    said: list[str] = []
    found = swept(with_own("make", width=WIDTH, learning_rate=RATE), said.append)
    assert found.marks is not None
    assert found.configuration == {"width": 10}
    study = found.experiment.study
    assert said[:2] == [f"{study}: runs code of {here / 'own.py'}", f"{study}: sweep 1 of 5"]


def test_a_network_that_no_gradient_reaches_has_no_rate(with_own: Callable[..., Path]) -> None:
    found = swept(with_own("Detached", learning_rate=RATE))
    content = found.to_json()
    assert found.marks is None
    assert [content[name] for name in ("steepest", "suggested", "minimum", "range")] == [None] * 4
    assert "No rate makes the loss fall: it is 1.099 at first" in found.to_text()


def test_what_own_code_raises_is_told_in_a_sentence(with_own: Callable[..., Path]) -> None:
    with pytest.raises(TuneError, match="cannot be trained: IndexError: list index out of range"):
        swept(with_own("broken", learning_rate=RATE))


def test_a_function_that_trains_by_itself_is_refused_at_its_line(
    write_space: Write, here: Path
) -> None:
    (here / "own.py").write_text("def f(config, development, seed):\n    yield {'score': 1}\n")
    objective = {"function": "./own.py:f", "metric": "score", "direction": "maximize"}
    path = write_space(objective=objective, parameters={"learning_rate": RATE}, model=None)
    with pytest.raises(InputError, match=r"quick\.yaml:\d+:\d+: a function of your own trains"):
        swept(path)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"data.source": "sklearn:irsi"}, "sklearn:iris"),
        ({"parameters.lerning_rate": 0.1}, "Did you mean 'learning_rate'"),
        ({"parameters.learning_rate.low": 1}, "`low <= high` must hold"),
        ({"task": "binary"}, "has 3"),
    ],
)
def test_a_file_that_is_wrong_is_refused_as_elsewhere(
    settings: dict[str, Any], words: str, write_space: Write
) -> None:
    with pytest.raises(InputError) as caught:
        swept(write_space(), **settings)
    assert words in f"{caught.value.cause} {caught.value.fix}"


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_trained(
    write_space: Write,
) -> None:
    said: list[str] = []
    Path("out").touch()
    with pytest.raises(StorageError, match="out cannot be written to"):
        swept(write_space(), said.append)
    assert said == []


def test_it_trains_with_a_workers_threads_and_leaves_torchs_as_they_were(
    write_space: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def run(*_: object, **__: object) -> Curve:
        seen.append(torch.get_num_threads())
        return of_losses([2.0, 2.0, 2.0])

    monkeypatch.setattr(objective, "run", run)
    before = torch.get_num_threads()
    swept(write_space(), **{"resources.cpus": before + 1})
    assert seen == [before + 1]
    assert torch.get_num_threads() == before


def test_the_same_file_has_the_same_rates_again(write_space: Write) -> None:
    path = write_space()
    assert swept(path).curve == swept(path).curve


def of_losses(losses: Sequence[float]) -> Curve:
    return Curve(tuple(10.0**i for i in range(-len(losses), 0)), tuple(losses), 0.0, 2)


def test_the_picture_ends_where_the_loss_is_as_far_above_its_start_as_it_fell_below() -> None:
    curve = of_losses([2.0, 1.5, 1.0, 2.5, 3.0, 900.0])
    steepest, suggested, minimum = (curve.point(i) for i in range(3))
    marks = Marks(steepest, suggested, minimum, curve.rates[0], minimum.rate)
    drawn = picture("s", curve, marks)
    assert drawn.lines[0].y == [2.0, 1.5, 1.0, 2.5, 3.0]
    assert drawn.log_x
    assert [(mark.x, mark.y) for mark in drawn.marks] == [
        (point.rate, point.loss) for point in (steepest, suggested, minimum)
    ]


def test_a_curve_without_marks_is_drawn_whole() -> None:
    curve = of_losses([2.0, 2.0, 9.0])
    drawn = picture("s", curve, None)
    assert (drawn.lines[0].y, drawn.marks) == ([2.0, 2.0, 9.0], [])


def test_a_loss_that_no_rate_was_low_enough_for_is_told(write_space: Write, here: Path) -> None:
    experiment = load(write_space())
    empty = Curve((), (), 0.0, 5)
    text = RangeTest(here, experiment, {}, empty, None, (Path("x.html"),)).to_text()
    assert "at the lowest rates already" in text


def test_a_mark_is_a_point_of_the_curve() -> None:
    curve = of_losses([2.0, 1.0])
    assert curve.point(1) == Point(0.1, 1.0)
