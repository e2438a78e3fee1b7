"""A user's own generator as an objective: what it may yield, and how it may end."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.contracts import Assignment, DivergedError
from truetune.objectives.development import Development
from truetune.objectives.generators import GeneratorObjective, GeneratorPack, objective_of
from truetune.objectives.trainer import EagerObjective
from truetune.search.executors.base import Diverged, Event, Failed, Finished, Progress
from truetune.search.executors.worker import Worker
from truetune.spaces import Experiment

CONFIGURATION = {"layers": 2, "hidden_units.0": 8, "hidden_units.1": 4, "rate": 0.5}
Start = Callable[..., GeneratorPack]
Train = Callable[..., list[Event]]


def body(lines: str) -> str:
    """The code of a function `train` with this body."""
    inside = "\n".join(f"    {line}" for line in lines.splitlines())
    return f"import math\ndef train(config, development, seed):\n{inside}\n"


@pytest.fixture
def own(quick: Experiment, tmp_path: Path) -> Callable[..., Experiment]:
    """An experiment whose objective is this code."""

    def make(code: str, name: str = "train", epochs: int = 3) -> Experiment:
        path = tmp_path / "own.py"
        path.write_text(code)
        content = quick.model_dump(mode="json")
        content["objective"] = {
            "function": f"{path}:{name}",
            "metric": "score",
            "direction": "maximize",
        }
        content["training"] = {"epochs": epochs}
        return Experiment.model_validate(content)

    return make


@pytest.fixture
def start(own: Callable[..., Experiment], development: Development) -> Start:
    def begin(code: str, **options: Any) -> GeneratorPack:
        objective = GeneratorObjective(own(code, **options))
        return objective.start([Assignment(7, CONFIGURATION, 5)], development, "cpu")

    return begin


@pytest.fixture
def train(own: Callable[..., Experiment], development: Development, tmp_path: Path) -> Train:
    """Train trial 7 by a worker until it ends, at most five calls long."""

    def run(code: str, **options: Any) -> list[Event]:
        worker = Worker(own(code, **options), development, str(tmp_path / "trials"))
        events = worker.advance([], [Assignment(7, CONFIGURATION, 5)])
        for _ in range(4):
            if not isinstance(events[-1], Progress):
                break
            events += worker.advance([], [])
        assert not worker.packs or isinstance(events[-1], Progress)
        return events

    return run


def failed(events: list[Event]) -> Failed:
    assert isinstance(events[-1], Failed), events
    return events[-1]


def test_the_function_is_the_objective_where_the_file_names_one(
    own: Callable[..., Experiment], quick: Experiment
) -> None:
    assert isinstance(objective_of(own("")), GeneratorObjective)
    assert isinstance(objective_of(quick), EagerObjective)


def test_each_epoch_is_a_report_and_the_last_says_which_counts(train: Train) -> None:
    code = "for epoch in range(1, 4):\n    yield {'score': epoch / 2, 'loss': -epoch}"
    events = train(body(code))
    assert [type(event) for event in events] == [Progress, Progress, Finished]
    reports = [event.report for event in events if not isinstance(event, Failed)]
    assert [report.metrics for report in reports] == [
        {"score": 0.5, "loss": -1.0},
        {"score": 1.0, "loss": -2.0},
        {"score": 1.5, "loss": -3.0},
    ]
    assert [(r.number, r.epoch) for r in reports] == [(7, 1), (7, 2), (7, 3)]
    assert (reports[-1].kept_epoch, reports[-1].kept_metrics) == (3, reports[-1].metrics)
    assert not any(report.repeats for report in reports)


def test_it_is_told_configuration_rows_and_seed(
    start: Start, development: Development, tmp_path: Path
) -> None:
    code = """\
import json, pathlib
(fold,) = development.folds
config["added"] = 1
found = {"config": config, "seed": seed, "mean": float(fold.x_train.mean(dtype="float64"))}
pathlib.Path(__file__).with_name("found.json").write_text(json.dumps(found))
yield {"score": len(fold.y_validation)}
"""
    (report,) = start(body(code)).advance()
    found = json.loads((tmp_path / "found.json").read_text())
    (fold,) = development.folds
    assert found["config"] == {**CONFIGURATION, "added": 1}
    assert "added" not in CONFIGURATION
    assert found["seed"] == 5
    assert found["mean"] == float(fold.x_train.mean(dtype="float64"))
    assert report.metrics == {"score": len(fold.y_validation)}


def test_rows_cannot_be_written_by_it(start: Start) -> None:
    pack = start(body("development.folds[0].x_train[0] = 0\nyield {'score': 1}"))
    with pytest.raises(ValueError, match="read-only"):
        pack.advance()


def test_no_epoch_starts_before_it_is_asked_for(start: Start, tmp_path: Path) -> None:
    code = """\
for epoch in range(3):
    with open(__file__ + ".log", "a") as log:
        log.write("x")
    yield {"score": epoch}
"""
    pack = start(body(code))
    log = tmp_path / "own.py.log"
    for epoch in (1, 2):
        pack.advance()
        assert len(log.read_text()) == epoch


def test_a_trial_that_ends_early_repeats_its_last_epoch_as_the_one_that_counts(
    train: Train,
) -> None:
    events = train(body("yield {'score': 1}\nyield {'score': 2}\nreturn {'score': 3}"), epochs=9)
    assert [type(event) for event in events] == [Progress, Progress, Finished]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.report.repeats
    assert last.report.epoch == last.report.kept_epoch == 2
    assert last.report.kept_metrics == {"score": 2}
    assert last.folder == ""


def test_one_that_never_ends_is_cut_and_closed(train: Train, tmp_path: Path) -> None:
    code = """\
try:
    while True:
        yield {"score": 1}
finally:
    open(__file__ + ".closed", "x").close()
"""
    events = train(body(code), epochs=2)
    assert [type(event) for event in events] == [Progress, Finished]
    assert (tmp_path / "own.py.closed").exists()


def test_a_pruned_trial_is_closed_and_leaves_no_files(
    own: Callable[..., Experiment], development: Development, tmp_path: Path
) -> None:
    code = """\
try:
    yield {"score": 1}
    yield {"score": 2}
except GeneratorExit:
    open(__file__ + ".pruned", "x").close()
"""
    worker = Worker(own(body(code)), development, str(tmp_path / "trials"))
    worker.advance([], [Assignment(7, CONFIGURATION, 5)])
    assert worker.advance([7], []) == []
    assert (tmp_path / "own.py.pruned").exists()
    assert not (tmp_path / "trials").exists()


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("raise ValueError('late')", "ValueError: late"),
        ("import sys; sys.exit(3)", "RuntimeError: own.py:train raised SystemExit: 3"),
    ],
)
def test_what_goes_wrong_while_it_is_closed_is_told_and_ends_nothing(
    end: str, told: str, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = start(body(f"try:\n    yield {{'score': 1}}\nfinally:\n    {end}"))
    pack.advance()
    pack.drop(7)
    assert capsys.readouterr().err.rstrip().endswith(told)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_will_not_be_closed_ends_nothing(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    code = """\
while True:
    try:
        yield {"score": 1}
    except GeneratorExit:
        pass
"""
    pack = start(body(code))
    pack.advance()
    pack.drop(7)
    assert "generator ignored GeneratorExit" in capsys.readouterr().err
    del pack
    gc.collect()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", 3.0),
        ("0.25", 0.25),
        ("numpy.float32(0.5)", 0.5),
        ("numpy.float64(0.1)", 0.1),
        ("numpy.int64(2)", 2.0),
        ("fractions.Fraction(1, 4)", 0.25),
        ("-0.0", 0.0),
    ],
)
def test_a_number_of_any_kind_is_a_metric(value: str, expected: float, start: Start) -> None:
    (report,) = start(body(f"import numpy, fractions\nyield {{'score': {value}}}")).advance()
    assert report.metrics == {"score": expected}
    assert type(report.metrics["score"]) is float


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("None", "None"),
        ("'0.5'", "an object of type str"),
        ("True", "an object of type bool"),
        ("numpy.bool_(1)", "an object of type bool"),
        ("[0.5]", "a list of 1"),
        ("1j", "an object of type complex"),
        ("numpy.ones(2)", "an array of float64, (2,)"),
        ("torch.tensor(0.5)", "an object of type Tensor"),
        ("{'of': 1}", "a dict of 1"),
    ],
)
def test_what_is_no_number_fails_the_trial(value: str, described: str, train: Train) -> None:
    event = failed(train(body(f"import numpy, torch\nyield {{'score': {value}}}")))
    rule = f"the metric 'score' is a number, but got {described} in epoch 1; write float(...)."
    assert event.cause == f"TypeError: {rule}"


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("0.5", "an object of type float"),
        ("", "None"),
        ("['score', 1]", "a list of 2"),
        ("('score', 1)", "a tuple of 2"),
        ("'score'", "an object of type str"),
    ],
)
def test_what_is_no_dict_fails_the_trial(value: str, described: str, train: Train) -> None:
    rule = f"own.py:train yields a dict of metrics, but got {described} in epoch 1."
    assert failed(train(body(f"yield {value}"))).cause == f"TypeError: {rule}"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ("yield {}", "yields 'score', which is optimised, but got nothing in epoch 1."),
        ("yield {'acc': 1, 'loss': 2}", "but got acc, loss in epoch 1."),
        (
            "yield {'score': 1, 'loss': 2}\nyield {'score': 1}",
            "yields the same metrics in each epoch, but got score in epoch 2 after score, loss.",
        ),
        ("if seed < 0: yield\nreturn", "yields after each epoch, but it ended before the first."),
        ("yield {'score': 1, 2: 3}", "but got 2."),
        ("yield {'score': 1, '': 3}", "but got ''."),
        ("yield {'score': 1, 'a/../b': 3}", "but got 'a/../b'."),
        ("yield {'score': 1, 'a=b': 3}", "but got 'a=b'."),
        ("yield {'score': 1, 'test_score': 3}", "a search has no test rows, but got a metric"),
        ("yield {'score': 1, 'final.Holdout': 3}", "a search has no test rows"),
        ("yield {'score': 1}\n1 / 0", "ZeroDivisionError: division by zero"),
        ("yield {'score': config['none']}", "KeyError: 'none'"),
        ("yield {'score': 1}\nraise StopIteration", "generator raised StopIteration"),
        ("import sys\nyield {'score': 1}\nsys.exit(3)", "own.py:train raised SystemExit: 3"),
        ("yield {'score': 1}\nraise GeneratorExit('no')", "own.py:train raised GeneratorExit: no"),
    ],
)
def test_a_mistake_of_the_function_fails_the_trial_and_names_itself(
    lines: str, cause: str, train: Train
) -> None:
    assert cause in failed(train(body(lines))).cause


def test_words_that_only_look_like_test_are_names(start: Start) -> None:
    metrics = {"score": 1.0, "contest": 1.0, "latest/loss": 2.0, "top-5": 3.0, "f1.macro": 0.5}
    assert start(body(f"yield {metrics}")).advance()[0].metrics == metrics


def test_a_failed_trial_brings_the_users_own_traceback(train: Train) -> None:
    code = "def inner():\n    raise ValueError('inside')\nyield {'score': 1}\ninner()"
    event = failed(train(body(code)))
    assert event.cause == "ValueError: inside"
    assert "own.py" in event.traceback
    assert "in inner" in event.traceback


@pytest.mark.parametrize("value", ["math.nan", "math.inf", "-math.inf", "10**400"])
@pytest.mark.parametrize("epoch", [1, 2])
def test_what_is_not_finite_diverges_in_its_epoch(epoch: int, value: str, train: Train) -> None:
    lines = ["yield {'score': 1, 'loss': 1}"] * (epoch - 1)
    event = train(body("\n".join([*lines, f"yield {{'score': 1, 'loss': {value}}}"])))[-1]
    shown = math.inf if "**" in value else eval(value)
    assert event == Diverged(7, epoch, f"loss is {shown} in epoch {epoch}")


def test_a_generator_is_closed_where_what_it_yields_is_refused(
    start: Start, tmp_path: Path
) -> None:
    for bad in ("None", "{'score': math.nan}"):
        code = f"try:\n    yield {bad}\nfinally:\n    open(__file__ + '.closed', 'x').close()"
        with pytest.raises((TypeError, DivergedError)):
            start(body(code)).advance()
        (tmp_path / "own.py.closed").unlink()


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import none_such", "ModuleNotFoundError: No module named 'none_such'"),
        ("raise SystemExit('bye')", "RuntimeError: own.py:train raised SystemExit: bye"),
        ("def other(): yield", "there is no function 'train'."),
        ("train = 3", "this is a function, but got an object of type int."),
        ("def train(config): yield", "TypeError: train() takes 1 positional argument but 3 were"),
        ("def train(c, d, s): return {}", "is a function that yields, but got a dict of 0."),
        ("def train(c, d, s): raise SystemExit", "own.py:train raised SystemExit"),
        ("async def train(c, d, s): yield", "but got an object of type async_generator."),
    ],
)
def test_what_is_no_generator_function_fails_each_trial(
    code: str, cause: str, own: Callable[..., Experiment], development: Development, tmp_path: Path
) -> None:
    worker = Worker(own(code), development, str(tmp_path))
    for number in (0, 1):
        (event,) = worker.advance([], [Assignment(number, {}, 0)])
        assert cause in failed([event]).cause


def test_a_wrapped_generator_is_one(start: Start) -> None:
    code = body("yield {'score': 2}") + "inner = train\ndef train(*a): return inner(*a)\n"
    assert start(code).advance()[0].metrics == {"score": 2}


def test_an_instance_that_is_called_is_a_function(start: Start) -> None:
    code = "class Own:\n    def __call__(self, c, d, s): yield {'score': s}\ntrain = Own()"
    assert start(code).advance()[0].metrics == {"score": 5}


def test_files_beside_it_are_imported_in_every_epoch(start: Start, tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text("VALUE = 4")
    code = "yield {'score': 1}\nfrom beside_it import VALUE\nyield {'score': VALUE}"
    pack = start(body(code))
    assert [pack.advance()[0].metrics["score"] for _ in range(2)] == [1, 4]


def test_what_it_prints_goes_to_standard_error(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    pack = start("print('at import')\n" + body("print('in training')\nyield {'score': 1}"))
    pack.advance()
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.split("\n")[:2] == ["at import", "in training"]


def test_an_interruption_is_no_failure_of_the_function(start: Start) -> None:
    pack = start(body("raise KeyboardInterrupt\nyield"))
    with pytest.raises(KeyboardInterrupt):
        pack.advance()


def test_it_has_neither_room_for_another_nor_weights(start: Start) -> None:
    pack = start(body("yield {'score': 1}"))
    assert pack.results(7) is None
    assert not pack.admit(Assignment(8, {}, 0))


def test_the_seconds_of_an_epoch_are_spent_in_the_function(start: Start) -> None:
    (report,) = start(body("import time\ntime.sleep(.05)\nyield {'score': 1}")).advance()
    assert report.seconds >= 0.05
