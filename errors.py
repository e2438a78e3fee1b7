"""What can go wrong, as a tree; the exit code of `tune` stands behind each.

TuneError                   1   the search failed
├── InputError              2   bad input or usage, a changed space or changed data
├── GuardError              3   the guard refused
├── StorageError            4   Optuna's or MLflow's store, the disk, the study's lock
└── InfrastructureError     5   Ray, GPUs, memory, limits of the machine
Interrupted               130   stopped by a signal; the same command goes on

Each carries one line of cause and one line of fix:

    try:
        truetune.run("spaces/mlp.yaml")
    except truetune.TuneError as error:
        print(error.cause, error.fix, sep="\\n")
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class TuneError(Exception):
    """A failure with a cause and a way out, each one line."""

    exit_code = 1

    def __init__(self, cause: str, fix: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.fix = fix

    def __reduce__(self) -> tuple[type[TuneError], tuple[str, str]]:
        return type(self), (self.cause, self.fix)  # keeps the fix across processes


class InputError(TuneError):
    """Something the user wrote does not hold."""

    exit_code = 2


class GuardError(TuneError):
    """The guard keeps the test rows shut."""

    exit_code = 3


class StorageError(TuneError):
    """A store cannot be read or written, or another search holds the study."""

    exit_code = 4


class InfrastructureError(TuneError):
    """Ray, a GPU, memory or a limit of the machine is not as needed."""

    exit_code = 5


class Interrupted(TuneError):
    """A signal stopped the search; what was finished is kept."""

    exit_code = 130


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the nearest known word, else the list of known words."""
    names = sorted(known)
    if not names:
        return ""
    nearest = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"Did you mean '{nearest[0]}'?" if nearest else f"Known: {', '.join(names)}."
