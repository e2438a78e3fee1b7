"""What is seen of a user's own objective before anything starts, and without running it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, MistakesError, Problem, load, load_with_document
from truetune.spaces.loading import raise_problems

GOOD = "def train(config, development, seed):\n    yield {'score': 1}\n"
FILE = """\
data: {source: sklearn:iris}
task: classification
objective:
  function: ./own.py:train
  metric: score
  direction: maximize
parameters:
  anything: {type: float, low: 0.1, high: 0.5}
"""
Write = Callable[..., Experiment]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """An experiment whose objective is this code."""

    def create(code: str = GOOD, text: str = FILE, **overrides: Any) -> Experiment:
        (tmp_path / "own.py").write_text(code)
        (tmp_path / "own.yaml").write_text(text)
        return load(
            tmp_path / "own.yaml", {key.replace("_", "."): overrides[key] for key in overrides}
        )

    return create


def the_problem(experiment: Experiment) -> Problem:
    (problem,) = problems(experiment)
    return problem


@pytest.mark.parametrize(
    "code",
    [
        GOOD,
        "def train(*arguments):\n    yield {}",
        "def train(c, d, s, more=1, *, most=2, **rest):\n    yield {}",
        "def train(c, d, /, s):\n    yield from other(c, d, s)",
        "def train(a, b, c):\n    if a:\n        for _ in b:\n            x = yield {}",
        "@wrapped\ndef train(config): return 1",
        "from other import train",
        "from other import anything as train",
        "from other import *",
        "import train.of.all",
        "train = partial(other, 1)",
        "if True:\n    train = 1",
        "(train := 1)",
        "def train(config): yield\ntrain = fitted(train)",
        "try:\n    from fast import train\nexcept ImportError:\n    pass",
        "raise RuntimeError('it is not run')\n" + GOOD,
        "import none_such\n" + GOOD,
        "pattern = '\\d'\n" + GOOD,  # of which Python warns
        "# -*- coding: latin-1 -*-\n" + GOOD,
    ],
)
def test_what_may_be_a_generator_function_is_accepted(code: str, write: Write) -> None:
    assert problems(write(code)) == []


@pytest.mark.parametrize(
    ("code", "rule", "fix"),
    [
        (
            "x = 1\ndef train(config, development, seed):\n    return {}",
            "line 2 of own.py: 'train' is a function that yields, but there is no `yield` in it.",
            "Yield a dict of metrics after each epoch.",
        ),
        (
            "def train(c, d, s):\n    def inner():\n        yield\n    return inner",
            "line 1 of own.py: 'train' is a function that yields, but there is no `yield` in it.",
            "Yield a dict of metrics after each epoch.",
        ),
        (
            "def train(config, *, rate):\n    yield {}",
            "line 1 of own.py: 'train' is called with (config, development, seed), but takes "
            "(config, *, rate).",
            "Write `def train(config, development, seed):`.",
        ),
        (
            "async def train(config, development, seed):\n    yield {}",
            "line 1 of own.py: 'train' is a function that yields, but it is asynchronous.",
            "Write `def`.",
        ),
        (
            "class train:\n    pass",
            "line 1 of own.py: 'train' is a function that yields, but it is a class.",
            "Write `def`.",
        ),
        (
            "def trian(config, development, seed):\n    yield {}",
            "/own.py: there is no function 'train'.",
            "Did you mean 'trian'?",
        ),
        (
            "def outer():\n    def train(): pass\ntrain.x = 1",
            "/own.py: there is no function 'train'.",
            "Known: outer.",
        ),
        (
            "",
            "/own.py: there is no function 'train'.",
            "Write one. Yield a dict of metrics after each epoch.",
        ),
        (
            "x = 1\ndef train(:\n",
            "line 2 of own.py is no Python: invalid syntax.",
            "Correct it.",
        ),
    ],
)
def test_what_is_none_is_told(code: str, rule: str, fix: str, write: Write) -> None:
    problem = the_problem(write(code))
    assert problem.where == ("objective", "function")
    assert problem.rule.endswith(rule)
    assert problem.fix == fix


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        ("a, b, c", True),
        ("a, b", False),
        ("a, b, c, d", False),
        ("a, b, c, d=1", True),
        ("a, b=1", False),
        ("a, *b", True),
        ("a, b, c, d, *e", False),
        ("a, b, c, *, d", False),
        ("a, b, c, *, d=1", True),
        ("**a", False),
    ],
)
def test_arguments_are_judged_as_a_call_would(arguments: str, fits: bool, write: Write) -> None:
    code = f"def train({arguments}):\n    yield {{}}\n"
    module: dict[str, Any] = {}
    exec(code, module)
    try:
        module["train"](1, 2, 3)
    except TypeError:
        assert not fits
    assert (problems(write(code)) == []) is fits


@pytest.mark.parametrize(
    ("function", "rule"),
    [
        ("./none.py:train", "/none.py: there is no such file."),
        ("none_such.module:train", "there is no file of a module 'none_such.module' to run."),
        ("./own.py", "reads `./file.py:name` or `package.module:name`, but got "),
        ("train", "reads `./file.py:name` or `package.module:name`, but got 'train'."),
        ("./own.py:train()", "but got "),
    ],
)
def test_a_name_that_leads_nowhere_is_told(function: str, rule: str, write: Write) -> None:
    problem = the_problem(write(text=FILE.replace("./own.py:train", f'"{function}"')))
    assert problem.where == ("objective", "function")
    assert rule in problem.rule


def test_a_function_of_a_package_is_found(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "inner.py").write_text("raise RuntimeError\ndef train(c): yield")
    experiment = write(text=FILE.replace("./own.py:train", "package.inner:train"))
    assert experiment.objective.function == "package.inner:train"
    assert the_problem(experiment).rule.startswith("line 2 of inner.py: 'train' is called with")


def test_metric_and_direction_are_the_files_to_say(write: Write) -> None:
    text = FILE.replace("  metric: score\n", "").replace("  direction: maximize\n", "")
    assert [(p.where, p.fix) for p in problems(write(text=text))] == [
        (("objective",), "Add `metric:`."),
        (("objective",), "Add `direction: minimize` or `direction: maximize`."),
    ]


@pytest.mark.parametrize("metric", ["test_score", "HOLDOUT", "a.test", "a//b", "", "a\nb"])
def test_a_metric_that_none_can_be_called_is_told(metric: str, write: Write) -> None:
    assert the_problem(write(objective_metric=metric)).where == ("objective", "metric")


@pytest.mark.parametrize(
    ("section", "where", "fix"),
    [
        ("model: linear", ("model",), "Remove it."),
        ("model: {name: mlp, layers: 2}", ("model",), "Remove it."),
        (
            "training: {batch_size: 32}",
            ("training", "batch_size"),
            "Write `batch_size` under `parameters:`, or remove it.",
        ),
        (
            "training: {early_stopping: {patience: 2}}",
            ("training", "early_stopping"),
            "Remove it: a trial ends when the function does.",
        ),
    ],
)
def test_what_is_said_to_the_built_in_trainer_is_told(
    section: str, where: tuple[str, ...], fix: str, write: Write
) -> None:
    problem = the_problem(write(text=f"{FILE}{section}\n"))
    assert (problem.where, problem.fix) == (where, fix)
    assert "own.py:train trains here" in problem.rule


@pytest.mark.parametrize("section", ["training: {epochs: 3, seed: 1}", "model: mlp"])
def test_what_counts_for_any_trial_may_be_said(section: str, write: Write) -> None:
    assert problems(write(text=f"{FILE}{section}\n")) == []


def test_any_parameter_may_vary(write: Write) -> None:
    experiment = write(
        text=FILE
        + "  epochs: {type: int, low: 1, high: 3}\n"
        + "  model: {type: categorical, choices: [tree, forest]}\n"
        + "  forest: {size: {type: int, low: 1, high: 3}}\n"
        + "  widths: {type: int, low: 1, high: 3, repeat: 2}\n"
    )
    assert problems(experiment) == []
    assert {"widths.0", "widths.1", "model", "epochs"} <= experiment.space.default().keys()


def test_data_are_looked_at_all_the_same(write: Write) -> None:
    assert the_problem(write(data_source="sklearn:irsi")).where == ("data", "source")


def test_the_line_of_the_file_is_told(write: Write, tmp_path: Path) -> None:
    write("train = ")
    loaded = load_with_document(tmp_path / "own.yaml")
    with pytest.raises(MistakesError) as caught:
        raise_problems(loaded.document, problems(loaded.experiment))
    assert caught.value.cause.startswith(f"{tmp_path / 'own.yaml'}:4:3: line 1 of own.py is no")


@pytest.mark.parametrize("content", [b"\x00", b"\xff = 1", b"x = 1\n\tx", b"1" * 5000 + b"j."])
def test_a_file_that_is_no_python_is_told(content: bytes, write: Write, tmp_path: Path) -> None:
    experiment = write()
    (tmp_path / "own.py").write_bytes(content)
    assert "own.py is no Python: " in the_problem(experiment).rule


def test_compiled_code_is_left_to_the_trials(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compiled.so").write_bytes(b"\x7fELF\x00")
    assert problems(write(text=FILE.replace("./own.py:train", "compiled:train"))) == []


def test_code_nested_too_deep_is_left_to_the_trials(write: Write) -> None:
    assert problems(write("x = " + "-" * 150 + "1\n" + "x = 1" + " + 1" * 3000)) == []
