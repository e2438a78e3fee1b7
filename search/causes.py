"""Why a test result is as it is, the likeliest cause first, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..objectives.guard.correction import validation_rows_needed
from ..objectives.metrics import plain_name
from ..spaces import Experiment
from .selection import Selection

ENOUGH = 0.3  # of a difference: a cause of less leaves most of it open
FAR = 0.6  # of a domain classifier: so much better than a coin tells two populations


def causes(report: Mapping[str, Any]) -> list[str]:
    """Return sentences; none where there is nothing to explain."""
    weighed = [
        *_of_selection(report),
        *_of_shift(report),
        *_of_time(report),
        *_of_rows(report),
    ]
    weighed.sort(key=lambda pair: -pair[0])
    found = [told for _, told in weighed]
    if report["verdict"] not in ("OPTIMISTIC", "SUSPICIOUS"):
        return found
    if not found:
        return ["Nothing that was looked for explains the difference."]
    if weighed[0][0] < ENOUGH:
        found.append("Nothing that was looked for explains the rest.")
    return found


def _of_selection(report: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Weigh what the best of many owes to being picked, and earlier looks."""
    found = []
    share = abs(report["naive"] - report["corrected"])
    if report["verdict"] == "OPTIMISTIC" and report["n_trials"] > 1:
        found.append(
            (
                share / max(abs(report["gap"][0]), 1e-12),
                f"Picking the best of {report['n_trials']} trials made validation look better by "
                f"{share:.4g}; the corrected value has that taken off.",
            )
        )
    if report["is_adaptive"]:
        told = "Choices may have been made by earlier looks at these rows."
        found.append((0.5, told))
    return found


def _of_shift(report: Mapping[str, Any]) -> list[tuple[float, str]]:
    shift = report["shift"]
    if shift is None or shift["interval"][0] <= 0.5:
        return []
    named = ", ".join(f"'{name}'" for name, *_ in shift["columns"])
    where = f"; most in {named}" if named else ""
    told = (
        f"Test rows differ from those that were trained on: a classifier tells them apart with "
        f"an AUC of {shift['auc']:.2f}{where}."
    )
    return [(2.0 if shift["auc"] >= FAR else 0.4, told)]


def _of_time(report: Mapping[str, Any]) -> list[tuple[float, str]]:
    if report["blocks"] != "time" or report["verdict"] not in ("OPTIMISTIC", "SUSPICIOUS"):
        return []
    told = "Test rows are later than all others: what is predicted may have changed since."
    return [(0.45, told)]


def _of_rows(report: Mapping[str, Any]) -> list[tuple[float, str]]:
    found = []
    n = report["n_test"]
    if report["n_copies"]:  # None: the source is gone
        told = f"{report['n_copies']:,} of {n:,} test rows have copies that were trained on."
        found.append(
            (3.0 * report["n_copies"] / n if report["verdict"] == "SUSPICIOUS" else 0.1, told)
        )
    if report["n_unknown"]:
        told = f"{report['n_unknown']:,} of {n:,} test rows are of a class that no other row has."
        found.append((3.0 * report["n_unknown"] / n, told))
    return found


def next_steps(
    report: Mapping[str, Any], experiment: Experiment, selection: Selection
) -> list[str]:
    """Return what to do, the first thing first: sentences and commands."""
    if report["verdict"] == "CONSISTENT" or report["min_effect"] == 0:
        return []  # no number of rows tells a difference of nothing
    if report["verdict"] == "INCONCLUSIVE":
        n_validation = report["n_validation_needed"]
        validated = f" and validate on {n_validation:,}" * (
            n_validation > len(selection.part.targets)
        )
        return [
            f"To tell a difference of {report['min_effect']:.3g}, test on {report['n_needed']:,} "
            f"rows{validated}; or write a larger `verify: {{min_effect: ...}}`."
        ]
    if report["verdict"] == "SUSPICIOUS":
        return ["Look for copies, and for what the test rows have that others lack."]
    later = "Bring later rows to train and validate on."
    told = [later] if report["blocks"] == "time" else []
    return told + _larger_validation(report, experiment, selection)


def _larger_validation(
    report: Mapping[str, Any], experiment: Experiment, selection: Selection
) -> list[str]:
    """Say how many validation rows would have kept the picking honest, and how to get them."""
    predictions = selection.predictions(report["trial"])
    metric = plain_name(experiment.objective.metric)
    n_needed = validation_rows_needed(
        metric,
        experiment.task,
        selection.part,
        predictions,
        report["n_trials"],
        report["min_effect"],
    )
    n = len(selection.part.targets)
    name = f"{experiment.study}-2"
    told = [
        f"Validate on {n_needed:,} rows or more (now {n:,}), from new or training rows, and "
        "search again. Rows that were opened are never trained on or validated with."
    ]
    if not experiment.data.split.folds:
        share = min(experiment.data.split.validation * n_needed / n, 0.5)
        if share > experiment.data.split.validation:
            told.append(
                f"tune search SPACE --study {name} --set data.split.validation={share:.2g}"
            )
    told.append(
        f"Then test on fresh rows (--set data.test=FILE), or on these: "
        f"tune verify {name} --reopen --reason TEXT"
    )
    return told
