"""Findings: ranked, in few words, and everything that keeps a source from being read."""

from __future__ import annotations

import pickle

import pytest

from truetune.errors import InputError
from truetune.objectives.findings import N_SHOWN, DataError, Finding, ranked, shown
from truetune.spaces.problems import Problem

BAD = Problem(("data", "columns", "x"), "column 'x' is bad.", "Drop it.")
WORSE = Problem(("data", "target"), "there is no column 'y'.", "Did you mean 'z'?")


def finding(level: str, weight: float | None, where: str = "") -> Finding:
    return Finding(level, where, "rule", "found", "fix", weight)  # type: ignore[arg-type]


def test_errors_come_first_and_the_worst_of_each() -> None:
    order = [("error", 0.9), ("error", 0.1), ("warning", 1.0), ("warning", 0.2), ("warning", None)]
    mixed = [finding(*order[i]) for i in (3, 1, 4, 0, 2)]
    assert [(f.level, f.weight) for f in ranked(mixed)] == order


def test_equals_stay_in_the_order_they_were_found_in() -> None:
    found = [finding("warning", 0.5, where) for where in "cab"]
    assert ranked(found) == found


@pytest.mark.parametrize(
    ("n_given", "n", "expected"),
    [
        (0, None, ""),
        (1, None, "0"),
        (N_SHOWN, None, "0, 1, 2, 3, 4"),
        (N_SHOWN + 1, None, "0, 1, 2, 3, 4 and 1 more"),
        (N_SHOWN, 1_234_567, "0, 1, 2, 3, 4 and 1,234,562 more"),
        (2_000, None, "0, 1, 2, 3, 4 and 1,995 more"),
    ],
)
def test_of_many_the_first_few_are_shown(n_given: int, n: int | None, expected: str) -> None:
    assert shown(range(n_given), n) == expected


def test_one_problem_is_told_in_a_line_with_its_fix() -> None:
    error = DataError("shop.csv", [BAD])
    assert (error.cause, error.fix) == ("shop.csv: column 'x' is bad.", "Drop it.")
    assert error.problems == [BAD]


def test_several_are_told_in_a_line_each() -> None:
    assert DataError("shop.csv", (BAD, WORSE)).cause.splitlines() == [
        "shop.csv cannot be read as the file says, for 2 reasons:",
        "  column 'x' is bad. Drop it.",
        "  there is no column 'y'. Did you mean 'z'?",
    ]


@pytest.mark.parametrize("problems", [[BAD], [BAD, WORSE]])
def test_it_crosses_processes_whole(problems: list[Problem]) -> None:
    error = DataError("shop.csv", problems)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(copy, InputError)
    assert (copy.cause, copy.fix, copy.problems) == (error.cause, error.fix, problems)
    assert copy.exit_code == 2
