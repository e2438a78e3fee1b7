"""Step 6, the real world: where new rows are worse than the test rows were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...objectives.guard.verdict import Interval, Verdict, judge
from ...objectives.metrics import OBJECTIVES
from .advice import Advice
from .evidence import Evidence
from .pieces import piece


def advice(evidence: Evidence) -> Advice | None:
    """Return what a mismatch asks for; None where there is none, or no new rows."""
    verdict, world = mismatch(evidence), evidence.world
    if verdict is not None and world is not None and verdict.name == "INCONCLUSIVE":
        return _too_few(evidence, world, verdict)
    if verdict is None or world is None or verdict.name != "OPTIMISTIC":
        return None
    low, high = world["interval"]
    of_test = world["test"] if world.get("test") is not None else (evidence.test or {})["test"]
    what = (
        f"{evidence.metric} is {world['value']:.4g} ({low:.4g} to {high:.4g}) on "
        f"{world['n_new']:,} rows of {world['new']}, and {of_test:.4g} on test rows."
    )
    shift = world.get("shift")
    if isinstance(shift, Mapping) and shift["interval"][0] > 0.5:
        return _shifted(evidence, what, shift)
    return _another_question(evidence, what)


def _too_few(evidence: Evidence, world: Mapping[str, Any], verdict: Verdict) -> Advice:
    rows = f"{verdict.n_needed:,} rows" if verdict.n_needed else "more rows"
    return Advice(
        "real world",
        "few new rows",
        f"{evidence.metric} is {world['value']:.4g} on {world['n_new']:,} rows of {world['new']}, "
        f"known to within {verdict.half_width:.3g} of the test; {verdict.min_effect:.3g} would "
        "matter.",
        "A difference that matters could go unseen.",
        f"Label {rows} from where the model will be used, and score them.",
        command=f"tune verify {evidence.study} --data NEW",
    )


def _shifted(evidence: Evidence, what: str, shift: Mapping[str, Any]) -> Advice:
    """Validation and test rows have to look like the world: step 4 again, on another split."""
    columns = ", ".join(f"'{column[0]}'" for column in shift.get("columns", ()))
    most = f", most in {columns}" if columns else ""
    seed = evidence.experiment.data.split.seed + 1
    return Advice(
        "validation set",
        "mismatch",
        f"{what} A classifier tells the new rows from the old with an AUC of {shift['auc']:.2f}"
        f"{most}.",
        "Validation and test rows do not look like those of the real world, so that what was "
        "chosen by them is not what is needed.",
        "Put new rows among the others, draw and seal validation and test again so that they look "
        "like the world, and go through this step again.",
        piece(evidence.experiment, {"data": {"split": {"seed": seed}}}),
    )


def _another_question(evidence: Evidence, what: str) -> Advice:
    """The rows look alike and the answers are wrong: the cost function, or the objective."""
    experiment = evidence.experiment
    others = [name for name in OBJECTIVES[experiment.task] if name != experiment.objective.metric]
    nearest = {"binary": "validation_f1", "classification": "validation_balanced_accuracy"}
    other = nearest.get(experiment.task, "validation_mae")
    other = other if other in others else others[0]
    content: dict[str, Any] = {
        "objective": {"metric": other, "direction": OBJECTIVES[experiment.task][other]}
    }
    return Advice(
        "cost function",
        "objective",
        f"{what} The new rows look like the old ones.",
        "Where rows look alike and the test was good, what was made small, or what was counted, "
        "is not what the real world asks for; or its labels are made in another way.",
        "Compare how the labels were made; then question the cost function and the metric.",
        piece(experiment, content),
    )


def next_look(evidence: Evidence) -> Advice:
    """Return the next step of a study whose test is as promised."""
    report = evidence.test or {}
    return Advice(
        "real world",
        "new rows",
        f"{report.get('n_test', 0):,} test rows say {evidence.metric} "
        f"{report.get('test', 0.0):.4g}; no row of the real world was scored yet.",
        "Test rows come from the same collection as the others; the world may have moved on.",
        "Label some rows from where the model will be used, and score them.",
        command=f"tune verify {evidence.study} --data NEW",
    )


def mismatch(evidence: Evidence) -> Verdict | None:
    """Hold new rows against the test; None where one of them is missing."""
    world, test = evidence.world, evidence.test
    if world is None or evidence.scale is None:
        return None
    known = (world.get("test"), world.get("test_interval"))
    if known[0] is None and test is not None:
        known = (test.get("test"), test.get("interval"))
    try:
        (low, high), (world_low, world_high) = known[1], world["interval"]  # type: ignore[misc]
        promised = Interval(float(known[0]), float(low), float(high))  # type: ignore[arg-type]
        found = Interval(float(world["value"]), float(world_low), float(world_high))
        effect = evidence.experiment.verify.min_effect
        return judge(
            evidence.metric, evidence.direction, promised, found, effect, int(world["n_new"])
        )
    except (KeyError, TypeError, ValueError):
        return None
