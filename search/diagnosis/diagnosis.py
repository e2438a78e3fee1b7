"""What a study says of itself: where it stands in the six steps, and what to try next.

The order is the guide's. Training rows come first, since nothing that helps validation rows helps
where those are not fitted. A test that failed, or a world that differs, opens step 4 again: its
rows no longer measure. Then comes what helps to fit validation rows, then the next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import bias as biases
from . import labels, rate, real_world, test_set, training_set, validation_set, words
from .advice import Advice
from .checklist import Item, checklist, first_open
from .evidence import Evidence
from .pieces import again
from .predictions import read_all
from .signal import Signal, signal


@dataclass(frozen=True)
class Diagnosis:
    """The six steps of a study, and what to try, the first thing first."""

    study: str
    checklist: tuple[Item, ...] = ()
    findings: tuple[Advice, ...] = ()
    unknown: tuple[str, ...] = ()  # what could not be known, and why

    @property
    def first_open(self) -> Item | None:
        return first_open(self.checklist)

    def to_json(self) -> dict[str, Any]:
        """Return the `diagnosis` object of a study."""
        item = self.first_open
        found = [
            {**a.to_json(), "then": again(self.study, a.yaml) if a.yaml else ""}
            for a in self.findings
        ]
        step = None if item is None else item.step
        return {"first_open": step, "findings": found, "unknown": list(self.unknown)}

    def keys(self) -> dict[str, Any]:
        """Return what the JSON of a search and of a status say of it."""
        items = [item.to_json() for item in self.checklist]
        return {"diagnosis": self.to_json(), "checklist": items}

    def to_text(self) -> str:
        lines = words.checklist_lines(self.checklist) if self.checklist else []
        lines += words.advice_lines(self.findings, self.study)
        if self.checklist and not self.findings and self.first_open is None:
            lines += ["", "All six steps are done."]
        return "\n".join([*lines, *words.unknown_lines(self.unknown)])

    def short_lines(self) -> list[str]:
        """Return the first open step and the first advice."""
        return words.short_lines(self.first_open, self.findings, self.study)


def diagnosed(evidence: Evidence) -> Diagnosis:
    """Judge what is known of a study."""
    findings = tuple(_advice(evidence))
    items = checklist(evidence, findings)
    return Diagnosis(evidence.study, items, findings, evidence.unknown)


def _advice(evidence: Evidence) -> Iterator[Advice]:
    if (spoiled := test_set.tainted(evidence)) is not None:
        yield spoiled
    if evidence.best is None:
        yield _none_completed(evidence)
        return
    shuffled = _shuffled(evidence)
    is_empty = shuffled is not None and _is_empty(evidence, shuffled)
    if shuffled is not None and is_empty and not _may_be_training(evidence):
        yield training_set.no_signal(evidence, shuffled.p, shuffled.n_trials)
        return
    found = None if _has_no_yardstick(evidence) else biases.bias(evidence)
    wrong = _wrong_labels(evidence, found is not None)
    of_training = [*wrong] if found is not None else []
    if found is not None:
        of_training += training_set.advice(evidence, found)
    if of_training:
        yield _with_bias(of_training[0], found)
        yield from of_training[1:]
    if shuffled is not None and is_empty:
        yield training_set.no_signal(evidence, shuffled.p, shuffled.n_trials)
        return
    later = list(_after_training(evidence, [] if found is not None else wrong))
    yield from later
    if not of_training and not later:
        yield from _next_look(evidence)


def _after_training(evidence: Evidence, wrong: list[Advice]) -> Iterator[Advice]:
    tested, world = test_set.advice(evidence), real_world.advice(evidence)
    is_late = tested is not None and tested.cause == "few test rows"
    yield from (advice for advice in (None if is_late else tested, world) if advice is not None)
    yield from wrong
    gap = biases.variance(evidence)
    if gap is not None:
        helps = list(validation_set.advice(evidence)) or [validation_set.more_rows(evidence)]
        yield _prefixed(helps[0], gap)
        yield from helps[1:]
    if is_late and tested is not None:
        yield tested


def _next_look(evidence: Evidence) -> Iterator[Advice]:
    """Yield what comes next where there is nothing to mend."""
    if evidence.state == "running":
        return
    if evidence.test is None:
        yield test_set.next_look(evidence)
    elif evidence.world is None and evidence.test.get("verdict") == "CONSISTENT":
        yield real_world.next_look(evidence)


def _has_no_yardstick(evidence: Evidence) -> bool:
    """Whether training rows could only be held against baselines, on validation rows of which
    the test has shown that they no longer measure."""
    tested = test_set.advice(evidence)
    is_spent = tested is not None and tested.step == "validation set"
    return is_spent and biases.target(evidence) is None


def _with_bias(advice: Advice, found: biases.Bias | None) -> Advice:
    return advice if found is None else _prefixed(advice, found.words)


def _prefixed(advice: Advice, told: str) -> Advice:
    return replace(advice, what=f"{told} {advice.what}")


def _shuffled(evidence: Evidence) -> Signal | None:
    if evidence.part is None:
        return None
    folders = (trial.folder for trial in evidence.complete)
    found = read_all(folders, len(evidence.part.targets))
    return signal(evidence.experiment.task, evidence.part, found)


def _is_empty(evidence: Evidence, shuffled: Signal) -> bool:
    """Whether neither the trials nor a baseline do better than without inputs."""
    if not shuffled.is_none:
        return False
    rival, scale = biases.best_baseline(evidence), evidence.scale
    if rival is None or scale is None or scale.guess is None:
        return True
    gained = scale.guess - scale.error(rival[1])
    return gained <= max(scale.matters(rival[1]), evidence.half_width or 0.0)


def _may_be_training(evidence: Evidence) -> bool:
    """Whether the search itself may be why nothing was found: nothing was learnt at all, and no
    baseline says that nothing could be."""
    is_held = biases.best_baseline(evidence) is not None
    return biases.has_learnt(evidence) is False and not is_held


def _wrong_labels(evidence: Evidence, is_biased: bool) -> list[Advice]:
    if evidence.part is None:
        return []
    folders = (trial.folder for trial in evidence.complete)
    predictions = read_all(folders, len(evidence.part.targets))
    found = labels.doubtful(evidence.experiment.task, evidence.part, predictions)
    return [] if found is None else [labels.advice(evidence, found, is_biased)]


def _none_completed(evidence: Evidence) -> Advice:
    n, lost = len(evidence.trials), [t for t in evidence.trials if t.is_diverged]
    if not n:
        return Advice(
            "first architecture",
            "no trial",
            "0 trials are finished.",
            "The first trial is the default configuration, which all others are compared with.",
            "Run the search, or wait for it.",
            command="tune search SPACE",
        )
    if lost and (of_rate := rate.advice(evidence, True)) is not None:
        return of_rate
    last = evidence.trials[-1]
    return Advice(
        "first architecture",
        "no trial",
        f"None of {n} trials was trained to its end; trial {last.number}: "
        f"{last.cause or 'unknown cause'}",
        "Until one is, there is nothing to compare.",
        "Mend what ended them; their traceback says more.",
        command=f"tune logs {evidence.study} {last.number}",
    )
