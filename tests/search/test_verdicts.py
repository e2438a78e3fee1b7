"""What `tune verify` says: the verdict first, as one sentence, then numbers, why, what to do."""

from __future__ import annotations

from typing import Any

import pytest

from truetune.search.verdicts import text

REPORT: dict[str, Any] = {
    "verdict": "CONSISTENT",
    "study": "digits-mlp",
    "trial": 12,
    "metric": "validation_accuracy",
    "direction": "maximize",
    "naive": 0.9722,
    "corrected": 0.964,
    "correction": "bootstrap",
    "n_trials": 64,
    "look": 1,
    "replayed": False,
    "is_adaptive": False,
    "guard_level": "kernel",
    "reasons": [],
    "n_test": 360,
    "test": 0.961,
    "interval": [0.935, 0.98],
    "confidence": 0.975,
    "gap": [0.003, -0.021, 0.027],
    "half_width": 0.024,
    "min_effect": 0.025,
    "n_needed": None,
    "default": {"number": 0, "test": 0.9306},
    "blocks": "",
    "n_unknown": 0,
    "n_copies": 0,
    "shift": {"auc": 0.5, "interval": [0.45, 0.55], "columns": []},
    "why": [],
    "next": [],
    "seconds": 3.21,
}


def report(**changes: Any) -> dict[str, Any]:
    return REPORT | changes


def test_a_report_reads_like_this() -> None:
    assert text(REPORT).splitlines() == [
        "CONSISTENT: on 360 sealed test rows digits-mlp's winner has an accuracy of 0.961 (0.935 "
        "to 0.98), as validation had promised (0.964).",
        "",
        "  accuracy",
        "    best of 64 trials, on validation rows  0.9722",
        "    without what the picking adds          0.964",
        "    on sealed test rows                    0.961  (0.935 to 0.98)",
        "    worse than promised by                 0.003  (-0.021 to 0.027)",
        "    which is known to within               0.024; 0.025 would matter",
        "    default, trial 0, on the same rows     0.9306",
        "",
        "  look    1 of 3 at these rows",
        "  ranges  97.5 % confidence",
        "  guard   kernel",
        "  time    3.2 s",
    ]


@pytest.mark.parametrize(
    ("changes", "first_line"),
    [
        (
            {"verdict": "OPTIMISTIC", "test": 0.911, "interval": [0.88, 0.935]},
            "OPTIMISTIC: on 360 sealed test rows digits-mlp's winner has an accuracy of 0.911 "
            "(0.88 to 0.935), worse than validation had promised (0.964).",
        ),
        (
            {"verdict": "SUSPICIOUS", "test": 0.999, "interval": [0.99, 1.0], "n_test": 12000},
            "SUSPICIOUS: on 12,000 sealed test rows digits-mlp's winner has an accuracy of 0.999 "
            "(0.99 to 1), better than validation had promised (0.964): more than chance explains.",
        ),
        (
            {"verdict": "INCONCLUSIVE", "n_test": 40, "interval": [0.83, 0.99]},
            "INCONCLUSIVE: on 40 sealed test rows digits-mlp's winner has an accuracy of 0.961 "
            "(0.83 to 0.99); these are too few rows to say whether that is what validation had "
            "promised (0.964).",
        ),
        (
            {"metric": "validation_rmse", "test": 51234.5, "interval": [48000.0, 54321.0]},
            "CONSISTENT: on 360 sealed test rows digits-mlp's winner has an RMSE of 51,234 "
            "(48,000 to 54,321), as validation had promised (0.964).",
        ),
        (
            {"metric": "validation_loss", "test": 0.12, "interval": [0.1, 0.15]},
            "CONSISTENT: on 360 sealed test rows digits-mlp's winner has a loss of 0.12 "
            "(0.1 to 0.15), as validation had promised (0.964).",
        ),
        (
            {"is_winner": False},
            "CONSISTENT: on 360 sealed test rows trial 12 of digits-mlp has an accuracy of 0.961 "
            "(0.935 to 0.98), as validation had promised (0.964).",
        ),
    ],
)
def test_the_first_line_is_the_verdict(changes: dict[str, Any], first_line: str) -> None:
    assert text(report(**changes)).splitlines()[0] == first_line


def test_a_tainted_study_says_who_tried_and_shows_no_test_result() -> None:
    known = ("study", "trial", "metric", "naive", "corrected", "correction", "n_trials", "n_test")
    tainted = {key: REPORT[key] for key in known} | {
        "verdict": "TAINTED",
        "look": None,
        "guard_level": "audit",
        "reasons": ["inline", "built in"],
        "test": None,
        "interval": None,
        "why": ["Trial 3 opened the vault."],
        "next": ["Mend the code."],
    }
    assert text(tainted).splitlines() == [
        "TAINTED: code of digits-mlp reached for its 360 sealed test rows; they stay shut.",
        "",
        "  accuracy",
        "    best of 64 trials, on validation rows  0.9722",
        "    without what the picking adds          0.964",
        "",
        "  guard   audit: inline; built in",
        "",
        "  why",
        "    Trial 3 opened the vault.",
        "",
        "  what to do",
        "    Mend the code.",
    ]


def test_a_better_test_result_is_told_as_better() -> None:
    lines = text(report(gap=[-0.02, -0.03, -0.01])).splitlines()
    assert "    better than promised by                0.02  (0.01 to 0.03)" in lines


def test_causes_are_ranked_and_what_to_do_comes_last() -> None:
    told = text(report(why=["First.", "Second."], next=["Do this.", "tune that"]))
    assert told.endswith(
        "  why, the likeliest first\n    First.\n    Second.\n\n"
        "  what to do\n    Do this.\n    tune that"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"n_trials": 1}, "    the only trial, on validation rows  0.9722"),
        ({"correction": "bound"}, "    without the most that picking adds     0.964"),
        (
            {"blocks": "group"},
            "  ranges  97.5 % confidence; rows of one group were drawn together",
        ),
        (
            {"blocks": "time", "confidence": 1 - 0.05 / 6},
            "  ranges  99.2 % confidence; rows of neighbouring times were drawn together",
        ),
        ({"look": 2, "reason": "labels mended"}, "  look    2 of 3 at these rows: labels mended"),
        (
            {"shift": None},
            "  shift   not looked for: too few rows, or those that were trained on are gone",
        ),
        (
            {"replayed": True, "look": 2},
            "This is what look 2 found. Nothing was opened again, and it counts as no new look.",
        ),
        (
            {"is_adaptive": True},
            "These rows had been looked at before: choices may have been made by them, and the "
            "result may be better than new rows would give.",
        ),
    ],
)
def test_what_is_not_ordinary_has_a_line(changes: dict[str, Any], line: str) -> None:
    assert line in text(report(**changes)).splitlines()
    assert line not in text(REPORT).splitlines()


def test_a_replay_does_not_say_how_long_it_took() -> None:
    assert "  time" not in text(report(replayed=True))


def test_a_study_without_its_defaults_weights_shows_no_default() -> None:
    assert "default" not in text(report(default=None))


@pytest.mark.parametrize(
    ("refused", "first", "last"),
    [
        (
            None,
            "DRY RUN: nothing was opened. Look 1 would be at 360 sealed test rows, with 97.5 % "
            "confidence.",
            "  time    3.2 s",
        ),
        (
            {"cause": "they have been opened.", "fix": "Say why."},
            "DRY RUN: nothing was opened. A look would be refused: they have been opened.",
            "    Say why.",
        ),
    ],
)
def test_a_dry_run_says_what_would_happen(refused: Any, first: str, last: str) -> None:
    after = ("gap", "default", "why", "next", "half_width", "min_effect", "shift", "blocks")
    dry = {key: value for key, value in REPORT.items() if key not in after}
    dry |= {"verdict": None, "dry_run": True, "refused": refused, "test": None, "interval": None}
    lines = text(dry).splitlines()
    assert (lines[0], lines[-1]) == (first, last)
    assert "0.961" not in text(dry)


def test_new_rows_stand_beside_the_sealed_ones() -> None:
    after = ("gap", "default", "why", "next", "half_width", "min_effect", "blocks")
    new = {key: value for key, value in REPORT.items() if key not in after} | {
        "verdict": None,
        "look": None,
        "new": "march.csv",
        "n_new": 5000,
        "value": 0.9,
        "interval": [0.88, 0.92],
        "test": 0.961,
        "test_interval": [0.935, 0.98],
        "n_unknown": 7,
        "n_copies": 2,
        "shift": {"auc": 0.81, "interval": [0.79, 0.83], "columns": [["age", 0.8], ["x", 0.7]]},
    }
    assert text(new).splitlines() == [
        "NEW ROWS: on 5,000 rows of march.csv digits-mlp's winner has an accuracy of 0.9 (0.88 to "
        "0.92).",
        "",
        "  accuracy",
        "    best of 64 trials, on validation rows  0.9722",
        "    without what the picking adds          0.964",
        "    on sealed test rows                    0.961  (0.935 to 0.98)",
        "    on the new rows                        0.9  (0.88 to 0.92)",
        "",
        "  ranges  97.5 % confidence",
        "  guard   kernel",
        "  shift   a classifier tells the new rows from the old ones with an AUC of 0.81 (0.79 to "
        "0.83; 0.5 is chance); most by 'age', 'x'",
        "  copies  2 of the new rows were trained on",
        "  classes 7 of the new rows are of a class not known before",
        "  time    3.2 s",
    ]
    unseen = text(new | {"test": None, "test_interval": None, "n_unknown": 0, "n_copies": 0})
    assert "sealed test rows" not in unseen
    assert "copies" not in unseen
