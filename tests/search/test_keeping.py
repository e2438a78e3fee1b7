"""Whose weights stay: the best few, and all of a front."""

from __future__ import annotations

from pathlib import Path

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, create_trial

from truetune.objectives.files import WEIGHTS
from truetune.search.keeping import N_WEIGHTS_KEPT, Keeping

LESS = StudyDirection.MINIMIZE


def trial(folder: Path, number: int, *values: float, excess: float = 0.0) -> FrozenTrial:
    own = folder / str(number)
    own.mkdir()
    (own / WEIGHTS).touch()
    record = {"record": {"folder": str(own)}}
    made = create_trial(values=[*values], user_attrs=record, constraints={"a <= 1": excess})
    made.number = number
    return made


def kept(folder: Path) -> list[int]:
    return sorted(int(path.parent.name) for path in folder.glob(f"*/{WEIGHTS}"))


def test_the_best_few_and_the_default_keep_their_weights(tmp_path: Path) -> None:
    keeping = Keeping([LESS])
    for number in range(N_WEIGHTS_KEPT + 4):
        keeping.take(trial(tmp_path, number, -number), default=1)
    assert kept(tmp_path) == [1, *range(4, N_WEIGHTS_KEPT + 4)]


def test_the_whole_front_keeps_its_weights(tmp_path: Path) -> None:
    keeping = Keeping([LESS, LESS])
    for number in range(10):  # each larger and better than the one before
        keeping.take(trial(tmp_path, number, -number, number), default=None)
    assert kept(tmp_path) == [*range(10)]
    for number in range(10, 14):  # as large as the largest, and worse
        keeping.take(trial(tmp_path, number, 5.0, 9), default=None)
    assert kept(tmp_path) == [*range(10)]


def test_what_breaks_a_bound_goes_before_what_is_worse(tmp_path: Path) -> None:
    keeping = Keeping([LESS])
    keeping.take(trial(tmp_path, 0, -100.0, excess=0.1), default=None)
    for number in range(1, N_WEIGHTS_KEPT + 1):
        keeping.take(trial(tmp_path, number, number), default=None)
    assert kept(tmp_path) == [*range(1, N_WEIGHTS_KEPT + 1)]


def test_a_search_that_goes_on_keeps_what_it_would_have_kept(tmp_path: Path) -> None:
    made = [trial(tmp_path, number, number) for number in range(N_WEIGHTS_KEPT)]
    keeping = Keeping([LESS])
    keeping.begin(reversed(made))
    assert kept(tmp_path) == [*range(N_WEIGHTS_KEPT)]
    keeping.take(trial(tmp_path, N_WEIGHTS_KEPT, -1.0), default=None)
    assert kept(tmp_path) == [*range(N_WEIGHTS_KEPT - 1), N_WEIGHTS_KEPT]
