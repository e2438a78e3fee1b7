"""Steps 5 and 6: what a look at the test rows, or at new rows of the real world, asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...objectives.guard.correction import validation_rows_needed
from .advice import Advice
from .evidence import Evidence
from .pieces import next_name, piece

MOST = 0.5  # of the rows, that a split validates on


def advice(evidence: Evidence) -> Advice | None:
    """Return what the verdict of `tune verify` asks for; None where it is as promised, or there
    was no look."""
    report = evidence.test
    if report is None:
        return None
    if _is_picked_by_luck(evidence, report):
        return _over_fitted(evidence, report)
    rules = {
        "OPTIMISTIC": _over_fitted,
        "SUSPICIOUS": _suspicious,
        "INCONCLUSIVE": _inconclusive,
    }
    rule = rules.get(str(report.get("verdict")))
    return None if rule is None else rule(evidence, report)


def next_look(evidence: Evidence) -> Advice:
    """Return the next step of a study whose validation rows are fitted."""
    best = evidence.best
    assert best is not None
    assert best.value is not None
    n = "The" if evidence.description is None else f"{evidence.description.n_test:,}"
    return Advice(
        "test set",
        "verify",
        f"{n} test rows are sealed; trial {best.number} has {evidence.metric} {best.value:.4g} on "
        "validation rows that it was picked by.",
        "Only rows that nothing was chosen by tell what new rows will.",
        "Open the test rows, once.",
        command=f"tune verify {evidence.study}",
    )


def _is_picked_by_luck(evidence: Evidence, report: Mapping[str, Any]) -> bool:
    """Whether the best value was not confirmed, and picking it is the reason.

    A verdict is on the corrected value, which may be right where the best one is far off.
    """
    sign = 1 if evidence.direction == "maximize" else -1
    try:
        naive, corrected, test = (float(report[k]) for k in ("naive", "corrected", "test"))
        low, high = report["interval"]
        matters = float(report["min_effect"])
    except (KeyError, TypeError, ValueError):
        return False
    is_outside = naive > high if sign > 0 else naive < low
    return is_outside and min(sign * (naive - test), sign * (naive - corrected)) > matters


def _over_fitted(evidence: Evidence, report: Mapping[str, Any]) -> Advice:
    """The validation set is over-fitted: it is too small for so many choices."""
    n = 0 if evidence.part is None else len(evidence.part.targets)
    needed = _rows_needed(evidence, report)
    rows = f"{needed:,} validation rows or more (now {n:,})" if needed else "more validation rows"
    low, high = report["interval"]
    return Advice(
        "validation set",
        "over-fitted validation",
        f"The best of {report['n_trials']} trials has {evidence.metric} {report['naive']:.4g} on "
        f"{n:,} validation rows, and {report['test']:.4g} ({low:.4g} to {high:.4g}) on "
        f"{report['n_test']:,} test rows.",
        "The validation rows were fitted by choosing: with so few, the best of many trials is in "
        "part the luckiest.",
        f"Take {rows}, from new or from training rows, and go through this step again; then test "
        "on fresh rows, or as the next look in the ledger.",
        _larger_validation(evidence, needed, n),
    )


def _rows_needed(evidence: Evidence, report: Mapping[str, Any]) -> int | None:
    """Return how many validation rows keep what picking adds below what matters."""
    predictions, part = evidence.predictions, evidence.part
    effect = float(report.get("min_effect") or 0.0)
    if predictions is None or part is None or effect <= 0:
        return None
    n_trials = int(report["n_trials"])
    task = evidence.experiment.task
    needed = validation_rows_needed(evidence.metric, task, part, predictions, n_trials, effect)
    return max(needed, 2 * len(part.targets))


def _larger_validation(evidence: Evidence, needed: int | None, n: int) -> str:
    """Write a split with a larger validation part; where half is not enough, folds, by which
    every row validates."""
    split = evidence.experiment.data.split
    if split.folds is None and needed and n:
        share = split.validation * needed / n
        if share <= MOST and share + split.test < 0.9:
            return piece(
                evidence.experiment, {"data": {"split": {"validation": round(share + 0.005, 2)}}}
            )
    folds = {"data": {"split": {"folds": min((split.folds or 2) + 3, 20)}}}
    if found := piece(evidence.experiment, folds):
        return found
    return piece(evidence.experiment, {"data": {"split": {"validation": MOST}}})


def _suspicious(evidence: Evidence, report: Mapping[str, Any]) -> Advice:
    low, high = report["interval"]
    copies = report.get("n_copies")
    told = f"; {copies:,} of them have copies among the others" if copies else ""
    return Advice(
        "test set",
        "suspicious test",
        f"{evidence.metric} is {report['test']:.4g} ({low:.4g} to {high:.4g}) on "
        f"{report['n_test']:,} test rows, better than the {report['corrected']:.4g} that "
        f"validation rows promise{told}.",
        "Better than promised is as wrong as worse: test rows that were seen in training, or "
        "easier rows.",
        "Look for copies, and for what test rows have that others lack; then draw the split "
        "again, with rows that belong together on one side.",
        piece(
            evidence.experiment,
            {"data": {"split": {"seed": evidence.experiment.data.split.seed + 1}}},
        ),
        "tune check SPACE",
    )


def _inconclusive(evidence: Evidence, report: Mapping[str, Any]) -> Advice:
    needed = report.get("n_needed")
    rows = f"{needed:,} test rows" if needed else "more test rows"
    effect, width = float(report["min_effect"]), float(report["half_width"])
    absolute = evidence.scale is not None and evidence.scale.matters(0.0) > 0
    share = width if absolute else width / max(abs(float(report["corrected"])), 1e-12)
    larger = float(f"{min(share * 1.05, 0.99):.2g}")
    return Advice(
        "test set",
        "few test rows",
        f"{report['n_test']:,} test rows tell the difference to validation rows to within "
        f"{width:.3g} only, and {effect:.3g} would matter.",
        "A difference that matters could go unseen.",
        f"Bring {rows}, which then are fresh ones; or say that only a larger difference matters.",
        piece(evidence.experiment, {"verify": {"min_effect": larger}}),
    )


def tainted(evidence: Evidence) -> Advice | None:
    """Say that trials tried to reach sealed rows: nothing was opened, and nothing may be."""
    if not evidence.attempts:
        return None
    return Advice(
        "test set",
        "tainted",
        f"{len(evidence.attempts)} times a trial tried to reach sealed rows: "
        f"{evidence.attempts[0]}",
        "What has seen test rows cannot be tested on them.",
        "Mend the code, and search under another name.",
        command=f"tune search SPACE --study {next_name(evidence.study)}",
    )
