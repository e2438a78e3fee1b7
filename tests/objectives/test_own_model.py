"""What is seen of a network of the user's own before anything starts, and without running it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.configurations import network_of
from truetune.objectives.own_model import Signature, signature_of
from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, Problem, load

GOOD = "def build(inputs, n_outputs, depth=2, *, width=8):\n    return None\n"
FILE = """\
data: {source: sklearn:iris}
task: classification
model: ./net.py:build
parameters:
  learning_rate: {type: float, low: 0.1, high: 0.5}
"""
DEPTH = {"type": "int", "low": 1, "high": 3}
Write = Callable[..., Experiment]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """An experiment whose network is this code."""

    def create(code: str = GOOD, **overrides: Any) -> Experiment:
        (tmp_path / "net.py").write_text(code)
        (tmp_path / "own.yaml").write_text(FILE)
        named = {"model": f"{tmp_path}/net.py:build", **overrides.pop("said", {})}
        if options := overrides.pop("options", None):
            named["model"] = {"name": named["model"], **options}
        parameters = {f"parameters.{name}": value for name, value in overrides.items()}
        return load(tmp_path / "own.yaml", named | parameters)

    return create


def the_problem(experiment: Experiment) -> Problem:
    (problem,) = problems(experiment)
    return problem


@pytest.mark.parametrize(
    ("arguments", "signature"),
    [
        ("inputs, n_outputs", Signature((), (), False)),
        ("i, n, depth, width=8", Signature(("depth", "width"), ("depth",), False)),
        ("i, n, *, depth, width=8", Signature(("depth", "width"), ("depth",), False)),
        ("i, n, depth=1, **rest", Signature(("depth",), (), True)),
        ("*both, depth", Signature(("depth",), ("depth",), False)),
        ("i, /, n, depth", Signature(("depth",), ("depth",), False)),
    ],
)
def test_what_a_function_takes_by_name_is_seen(
    arguments: str, signature: Signature, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(f"def build({arguments}):\n    pass\n")
    assert signature_of(f"{tmp_path}/net.py:build") == signature
    methods = f"    def __init__(self, {arguments}):\n        pass\n"
    (tmp_path / "net.py").write_text(f"class build(Module):\n{methods}")
    assert signature_of(f"{tmp_path}/net.py:build") == signature


@pytest.mark.parametrize(
    "code",
    [
        "@compiled\ndef build(): pass",
        "from other import build",
        "build = partial(other, depth=2)",
        "class build(Other): pass",
    ],
)
def test_what_only_running_would_tell_may_take_anything(code: str, write: Write) -> None:
    experiment = write(code, depth=DEPTH, learning_rate=0.1)
    assert problems(experiment) == []
    _, parameters = network_of(experiment, {"depth": 2, "learning_rate": 0.1})
    assert parameters == {"depth": 2}


@pytest.mark.parametrize(
    ("code", "rule", "fix"),
    [
        (
            "def build(inputs):\n    pass",
            "line 1 of net.py: 'build' is called with (inputs, n_outputs, ...), but takes "
            "(inputs).",
            "Write `def build(inputs, n_outputs):`, which returns an nn.Module.",
        ),
        (
            "def build(a, b, c, /):\n    pass",
            "line 1 of net.py: 'build' is called with (inputs, n_outputs, ...), but takes "
            "(a, b, c, /).",
            "Write `def build(inputs, n_outputs):`, which returns an nn.Module.",
        ),
        (
            "async def build(inputs, n_outputs):\n    pass",
            "line 1 of net.py: 'build' is a function that returns, but it is asynchronous.",
            "Write `def build(inputs, n_outputs):`, which returns an nn.Module.",
        ),
        (
            "def biuld(inputs, n_outputs):\n    pass",
            "/net.py: there is no function 'build'.",
            "Did you mean 'biuld'?",
        ),
        ("def build(:\n", "line 1 of net.py is no Python: invalid syntax.", "Correct it."),
        (
            "def build(inputs, n_outputs, depth):\n    pass",
            "net.py:build needs a `depth`, and the file gives it none.",
            "Write `depth` under `parameters:`, or give it a default.",
        ),
        (
            "def build(inputs, n_outputs, learning_rate=1):\n    pass",
            "`learning_rate` of net.py:build would be the trainer's, which has a parameter of "
            "that name.",
            "Give it another name.",
        ),
    ],
)
def test_what_cannot_be_built_is_told(code: str, rule: str, fix: str, write: Write) -> None:
    problem = the_problem(write(code))
    assert problem.where == ("model",)
    assert problem.rule.endswith(rule)
    assert problem.fix == fix


def test_a_parameter_that_it_does_not_take_is_told_with_the_nearest(write: Write) -> None:
    problem = the_problem(write(dept=DEPTH))
    assert problem.where == ("parameters", "dept")
    assert problem.rule == "neither the model 'net.py:build' nor the trainer uses 'dept'."
    assert problem.fix == "Did you mean 'depth'?"


def test_an_option_that_it_does_not_take_is_told_with_the_nearest(write: Write) -> None:
    problem = the_problem(write(options={"widht": 3}))
    assert problem == Problem(
        ("model", "widht"), "net.py:build takes no 'widht'.", "Did you mean 'width'?"
    )


def test_what_it_takes_is_fixed_or_varies_and_may_be_a_list_or_text(write: Write) -> None:
    kinds = {"type": "categorical", "choices": ["thin", "wide"]}
    experiment = write(options={"depth": 3}, width={**DEPTH, "repeat": 2})
    assert problems(experiment) == []
    name, parameters = network_of(experiment, {"width.0": 1, "width.1": 2, "learning_rate": 0.1})
    assert name.endswith("net.py:build")
    assert parameters == {"depth": 3, "width": (1, 2)}
    assert problems(write(width=kinds)) == []


def test_what_varies_cannot_be_fixed_too(write: Write) -> None:
    assert "fixed under `model:`" in the_problem(write(options={"depth": 3}, depth=DEPTH)).rule


def test_a_needed_parameter_that_some_trials_lack_is_told(write: Write) -> None:
    code = "def build(inputs, n_outputs, depth):\n    pass"
    when = {**DEPTH, "when": "deep"}
    deep = {"type": "categorical", "choices": [False, True]}
    problem = the_problem(write(code, deep=deep, depth=when))
    assert problem.rule.startswith("net.py:build needs a `depth`, which is absent where")
    assert "deep: False" in problem.rule


def test_one_that_is_not_there_is_told(write: Write, tmp_path: Path) -> None:
    experiment = write()
    (tmp_path / "net.py").unlink()
    assert the_problem(experiment).rule == f"{tmp_path}/net.py: there is no such file."


def test_a_file_without_a_function_is_told_how_to_name_one(write: Write) -> None:
    problem = the_problem(write(said={"model": "./net.py"}))
    assert problem.rule == "there is no model './net.py'."
    assert "`./file.py:build`" in problem.fix


def test_one_of_ones_own_is_no_choice(write: Write, tmp_path: Path) -> None:
    model = {"type": "categorical", "choices": ["mlp", "./net.py:build"]}
    problem = the_problem(write(said={"model": None}, model=model))
    assert problem.where == ("parameters", "model")
    assert "is the same for all trials" in problem.rule
    assert problem.fix.startswith("Write it under `model:`")
