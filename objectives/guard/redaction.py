"""Errors while test rows are open: they say what is wrong and where, and quote no value."""

from __future__ import annotations

import os
import resource
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from ...errors import GuardError, InfrastructureError, InputError, StorageError, TuneError
from ..findings import DataError

T = TypeVar("T")

PURPOSE = "scoring the test rows"
_OWN = Path(__file__).parents[1]


class PlainError(InputError):
    """A mistake in the input, in words that quote no cell of it."""


# What the guard, the disk and the machine are wrong with is never a cell.
_TOLD = (PlainError, GuardError, InfrastructureError, StorageError)


def shut_up() -> None:
    """Let nothing out of this process but its answer: no text on standard error, no core file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def redacted(work: Callable[[], T]) -> T:
    """Return what work returns.

    Raises:
        TuneError: what it raised where its words quote no value, else its kind and its place.
    """
    try:
        return work()
    except Exception as error:
        if isinstance(error, _TOLD) or type(error) is TuneError:  # the latter is redacted already
            raise
        rule = f"{PURPOSE} failed ({type(error).__name__}{_place(error)})."
        raise TuneError(rule, "What it said is left out, for it may quote a test row.") from None


def _place(error: Exception) -> str:
    """Return the line of ours that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_OWN)]
    return f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""


def plain(error: Exception, source: str, names: Sequence[str]) -> PlainError:
    """Return an error in reading rows without what may be a value.

    Args:
        error: what was raised.
        source: where the rows are from, as it may be shown.
        names: of columns, which may be said.
    """
    fix = "`tune check` on a file that has it as its `source:` says more."
    if not isinstance(error, DataError):
        rule = f"{source}: rows to be scored are read as the study's were, but these cannot be"
        return PlainError(f"{rule} ({type(error).__name__}).", fix)
    rules = [_without_values(problem.rule, names) for problem in error.problems]
    known = [rule for rule in rules if rule is not None]
    columns = [
        f"'{p.where[-1]}'" for p, rule in zip(error.problems, rules, strict=True) if not rule
    ]
    if columns:
        known.append(f"what {', '.join(columns)} holds is not what the study's file says.")
    return PlainError(f"{source}: {' '.join(known)}", fix)


def _without_values(rule: str, names: Sequence[str]) -> str | None:
    """Return a rule in which nothing stands in quotes but columns' names, else None."""
    rest = rule
    for name in names:
        rest = rest.replace(f"'{name}'", "")
    return None if "'" in rest or '"' in rest else rule
