"""Guarding: what a study remembers of its sealed rows, run after run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from truetune.errors import GuardError
from truetune.objectives.development import Seal
from truetune.search.guarding import (
    MAX_TOLD,
    Guard,
    attempts_of,
    begun,
    level_of,
    reasons_of,
    touched,
)

SEAL = Seal("ab12", "cd" * 32, 30, 0, "ef" * 32)


def test_first_run_is_remembered_as_it_is() -> None:
    kept = begun("s", None, SEAL, Guard("audit", ("a built-in set",)))
    assert kept == {
        "id": "ab12",
        "manifest_sha256": "cd" * 32,
        "n_rows": 30,
        "n_looks": 0,
        "ledger_head": "ef" * 32,
        "level": "audit",
        "reasons": ["a built-in set"],
        "touched": [],
    }
    assert (level_of({"guard": kept}), reasons_of({"guard": kept})) == (
        "audit",
        ("a built-in set",),
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (["kernel", "kernel"], "kernel"),
        (["kernel", "audit"], "audit"),
        (["audit", "kernel"], "audit"),
        (["audit", "audit"], "audit"),
    ],
)
def test_of_all_runs_the_worst_counts(levels: list[str], expected: str) -> None:
    kept = None
    for level in levels:
        reasons = ("inline",) if level == "audit" else ()
        kept = begun("s", kept, SEAL, Guard(level, reasons))  # type: ignore[arg-type]
    assert kept is not None
    assert (kept["level"], kept["reasons"]) == (expected, ["inline"] * (expected == "audit"))


def test_looks_since_the_last_run_are_known_of() -> None:
    kept = begun("s", None, SEAL, Guard("kernel"))
    again = begun("s", kept, replace(SEAL, n_looks=2, ledger_head="12" * 32), Guard("kernel"))
    assert (again["n_looks"], again["ledger_head"]) == (2, "12" * 32)


@pytest.mark.parametrize(
    ("changed", "cause"),
    [({"id": "ff00"}, "test rows are not those"), ({"manifest_sha256": "00"}, "another manifest")],
)
def test_other_rows_or_another_manifest_are_refused(changed: dict[str, str], cause: str) -> None:
    kept = begun("s", None, SEAL, Guard("kernel"))
    with pytest.raises(GuardError, match=cause) as caught:
        begun("s", kept, replace(SEAL, **changed), Guard("kernel"))
    assert caught.value.exit_code == 3


def test_attempts_are_kept_over_runs_and_so_many_of_them() -> None:
    kept = begun("s", None, SEAL, Guard("kernel"))
    for number in range(MAX_TOLD + 5):
        kept = touched(kept, number, "opened rows.csv")
    again = touched(begun("s", kept, SEAL, Guard("kernel")), 1, "opened rows.csv")
    assert again["touched"][0] == {"trial": 0, "what": "opened rows.csv"}
    assert len(again["touched"]) == MAX_TOLD
    assert attempts_of({"guard": again})[:2] == (
        "Trial 0 opened rows.csv.",
        "Trial 1 opened rows.csv.",
    )


def test_study_whose_rows_were_never_sealed_has_no_guard() -> None:
    assert (level_of({}), reasons_of({}), attempts_of({})) == ("none", (), ())
