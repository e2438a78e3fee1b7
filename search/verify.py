"""`tune verify`: the sealed test rows, opened once for a study's winner.

The order is that in which a crash costs least and hides nothing: everything that can be refused
is, then the intent goes to the ledger and to disk, then the rows are opened by a process of their
own, then the result goes to the ledger. A look that was cut short stays one, and goes on only
with the same model and rows.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from ..errors import GuardError
from ..objectives.guard import sealing
from ..objectives.guard.examination import Contestant, Request, examine
from ..objectives.guard.ledger import MAX_LOOKS, Ledger, Look, alpha
from ..objectives.guard.places import Places
from ..objectives.guard.resampling import interval
from ..objectives.guard.verdict import Interval, judge
from ..objectives.metrics import direction_of, plain_name
from ..spaces import Experiment
from . import verdicts
from .causes import causes, next_steps
from .guarding import ATTRIBUTE, MAX_WORLDS, WORLD, attempts_of
from .home import Home
from .identity import changed_code, code_settings
from .inside import refuse_inside_a_search
from .lock import is_held
from .queries import Studies
from .selection import has_weights, select, weights_of
from .study import default_of
from .trials import configuration_of


@dataclass(frozen=True)
class Report:
    """What a look found, as a ledger keeps it."""

    content: Mapping[str, Any]

    @property
    def exit_code(self) -> int:
        return GuardError.exit_code if self.content.get("verdict") == "TAINTED" else 0

    def to_json(self) -> dict[str, Any]:
        return dict(self.content)

    def to_text(self) -> str:
        return verdicts.text(self.content)


class Verification:
    """One study, about to be verified."""

    def __init__(self, home: Home, storage: str | None, name: str | None, trial: int | None):
        self.places = Places.here()
        refuse_inside_a_search(home)
        studies = Studies(home, storage)
        self.home, self.study = home, studies.load(name)
        self.name: str = self.study.study_name
        self.guard = _guard_of(self.study)
        _refuse_unfinished(studies, self.study)
        self.experiment = Experiment.model_validate(studies.experiment_content(self.study))
        _refuse_own_function(self.experiment, self.name)
        _refuse_other_code(self.experiment, self.study.user_attrs, self.name)
        self.metric = plain_name(self.experiment.objective.metric)
        self.selection = select(self.study, self.experiment, home, trial)
        self.number = self.selection.winner if trial is None else trial
        self.contestants = self._contestants()
        self.ledger = Ledger(self.places.ledger)
        self.ledger.check_contains(self.guard["ledger_head"])
        sealing.check_whole(self.places, self.guard["id"], self.guard["manifest_sha256"])

    def _contestants(self) -> tuple[Contestant, ...]:
        """Return who is scored in one look: the winner, and the default if it has weights."""
        winner = self._contestant("winner", self.number)
        space = self.experiment.space
        trials = self.study.get_trials(deepcopy=False)
        default = default_of(trials, space.asked(space.default()))
        if default is None or not has_weights(self.selection, default):
            return (winner,)
        return winner, self._contestant("default", default)

    def _contestant(self, name: str, number: int) -> Contestant:
        trials = self.study.get_trials(deepcopy=False)
        if number not in self.selection.folders:
            rule = f"trial {number} of '{self.name}' has not been trained to its end."
            raise GuardError(rule, f"See `tune trials {self.name}`.")
        trial = trials[number]
        configuration = configuration_of(trial, self.experiment.space)
        weights = weights_of(self.selection, number)
        return Contestant(name, number, configuration, trial.user_attrs["seed"], str(weights))

    @property
    def identity(self) -> str:
        """Which model and which rows a look is at: one hash."""
        winner = self.contestants[0]
        features = sorted(self.home.data(self.name).glob("features.*.json"))
        digest = hashlib.sha256(self.guard["id"].encode())
        digest.update(json.dumps(dict(winner.configuration), sort_keys=True).encode())
        for path in (Path(winner.weights), *features):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def request(self, level: float, new: str | None = None) -> Request:
        return Request(
            experiment=self.experiment.model_dump(mode="json"),
            study_data=str(self.home.data(self.name)),
            contestants=self.contestants,
            alpha=level,
            root=str(self.places.root),
            seal=self.guard["id"],
            manifest_sha256=self.guard["manifest_sha256"],
            new=new,
        )

    def looks(self) -> list[Look]:
        """Return the looks at these rows, under whatever name, the first one first."""
        known = sealing.fingerprint_of(self.places, self.guard["id"])
        return sealing.looks_at(known, self.ledger, self.places)

    def report(self, look: int | None, found: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what is known; without what the rows were opened for, what is known before."""
        fixed = self.experiment
        correction = self.selection.correction
        known = {
            "study": self.name,
            "trial": self.number,
            "is_winner": self.number == self.selection.winner,
            "metric": fixed.objective.metric,
            "direction": direction_of(fixed.objective, fixed.task),
            "naive": correction.naive,
            "corrected": correction.corrected,
            "correction": correction.method,
            "n_trials": correction.n_trials,
            "look": look,
            "replayed": False,
            "is_adaptive": self.guard["n_looks"] > 0 or (look or 1) > 1,
            "guard_level": self.guard["level"],
            "reasons": list(self.guard["reasons"]),
            "n_test": self.guard["n_rows"],
            "test": None,
            "interval": None,
        }
        return known if found is None else known | self._judged(look or 1, found)

    def _judged(self, look: int, found: Mapping[str, Any]) -> dict[str, Any]:
        level, fixed = alpha(look), self.experiment
        correction, part = self.selection.correction, self.selection.part
        test = Interval(*found["interval"]["winner"])
        predictions = self.selection.predictions(self.number)
        own = interval(self.metric, fixed.task, part, predictions, level)
        shift = correction.corrected - own.value
        corrected = Interval(correction.corrected, own.low + shift, own.high + shift)
        direction = direction_of(fixed.objective, fixed.task)
        verdict = judge(
            self.metric, direction, corrected, test, fixed.verify.min_effect, found["n_rows"]
        )
        default = found["interval"].get("default")
        rows = ("blocks", "n_unknown", "n_copies", "shift")
        return {
            "verdict": verdict.name,
            "test": test.value,
            "interval": [test.low, test.high],
            "confidence": 1 - level,
            "gap": [verdict.gap.value, verdict.gap.low, verdict.gap.high],
            "half_width": verdict.half_width,
            "min_effect": verdict.min_effect,
            "n_test": found["n_rows"],
            "n_needed": verdict.n_needed,
            "n_validation_needed": ceil(verdict.times_validation * len(part.targets)),
            "metrics": found["metrics"],
            "default": default and {"number": self.contestants[-1].number, "test": default[0]},
            **{key: found[key] for key in rows},
        }


def verify(
    home: Home | str | Path | None = None,
    storage: str | None = None,
    study: str | None = None,
    trial: int | None = None,
    new: str | None = None,
    dry_run: bool = False,
    reason: str | None = None,
) -> Report:
    """Score a study's winner on its sealed test rows, once, and say whether both tell the same.

    Args:
        home: where the study's files are; None for `$TUNE_HOME`, else ./mlruns.
        storage: where the study is, if not there.
        study: its name; None for the only one there is.
        trial: another trial than the winner; its weights have to be kept.
        new: new labelled rows to score in the place of the sealed ones, which stay shut.
        dry_run: whether to say what would happen, and open nothing.
        reason: why rows that have been looked at are to be looked at again.

    Raises:
        GuardError: the rows have been looked at, or study, ledger or vault are not as they were
            left. Nothing is opened then, and no look is spent.
        InputError: there is no such study or trial.
    """
    started = time.perf_counter()
    home = home if isinstance(home, Home) else Home.at(home)
    verification = Verification(home, storage, study, trial)
    if new is not None:
        told = _on_new_rows(verification, new) | _seconds(started)
        _remember(verification.study, told)
        return Report(told)
    if verification.guard["touched"]:
        return Report(_tainted(verification) | _seconds(started))
    identity = verification.identity
    with verification.ledger.held():
        past = verification.looks()
        same = [look for look in past if look.identity == identity]
        if same and same[-1].report is not None:
            return Report({**same[-1].report, "replayed": True})
        number = same[-1].number if same else len(past) + 1
        if dry_run:
            return Report(_foretold(verification, number, past, reason) | _seconds(started))
        entry = same[-1].hash if same else _intent(verification, number, past, identity, reason)
    found = examine(verification.request(alpha(number)))
    report = verification.report(number, found) | {"reason": reason or ""} | _seconds(started)
    report["why"] = causes(report)
    report["next"] = next_steps(report, verification.experiment, verification.selection)
    with verification.ledger.held():
        verification.ledger.append("done", {"look": entry, "report": report})
    kept = {**verification.guard, "ledger_head": verification.ledger.head}
    verification.study.set_user_attr(ATTRIBUTE, kept)
    return Report(report)


def _intent(
    verification: Verification, number: int, past: list[Look], identity: str, reason: str | None
) -> str:
    """Write down that the rows are about to be opened; return the entry's hash.

    Raises GuardError if they have been, and no reason is given to do it again.
    """
    _refuse_again(verification.name, number, past, reason)
    content = {
        "number": number,
        "seal": verification.guard["id"],
        "study": verification.name,
        "trial": verification.number,
        "identity": identity,
        "n_rows": verification.guard["n_rows"],
        "alpha": alpha(number),
        "reason": reason or "",
    }
    return verification.ledger.append("look", content).hash


def _refuse_again(study: str, number: int, past: list[Look], reason: str | None) -> None:
    if not past:
        return
    last = past[-1]
    told = (
        f"look {last.number} was {last.who}'s on {last.time[:10]}, at trial {last.trial} of "
        f"'{last.study}'"
    )
    if number > MAX_LOOKS:
        raise GuardError(
            f"test rows are looked at {MAX_LOOKS} times at most, and these have been: {told}.",
            "Bring fresh test rows: `test:` under `data:`, or --set data.test=FILE.",
        )
    if reason is None:
        raise GuardError(
            f"these test rows have been opened: {told}. Another look would be at rows that "
            "choices have been made by.",
            f"Bring fresh test rows, or say why: `tune verify {study} --reopen --reason TEXT`, "
            f"which is look {number} and is printed as that.",
        )


def _foretold(
    verification: Verification, number: int, past: list[Look], reason: str | None
) -> dict[str, Any]:
    """Return what is known without opening anything, and what a look would be."""
    refused = None
    try:
        _refuse_again(verification.name, number, past, reason)
    except GuardError as error:
        refused = {"cause": error.cause, "fix": error.fix}
    return verification.report(number, None) | {
        "verdict": None,
        "dry_run": True,
        "refused": refused,
        "confidence": 1 - alpha(number),
    }


def _tainted(verification: Verification) -> dict[str, Any]:
    """Return the report of a study whose trials tried to reach sealed rows. No look is spent."""
    return verification.report(None, None) | {
        "verdict": "TAINTED",
        "why": list(attempts_of({ATTRIBUTE: verification.guard})),
        "next": ["Nothing was opened. Mend the code, and search under another name."],
    }


def _on_new_rows(verification: Verification, new: str) -> dict[str, Any]:
    """Score the winner on new labelled rows, beside what the sealed ones told."""
    found = examine(verification.request(alpha(1), new))
    value, low, high = found["interval"]["winner"]
    looks = [look for look in verification.looks() if look.identity == verification.identity]
    stored = looks[-1].report if looks else None
    return verification.report(None, None) | {
        "verdict": None,
        "new": new,
        "n_new": found["n_rows"],
        "value": value,
        "interval": [low, high],
        "confidence": 1 - alpha(1),
        "test": stored and stored["test"],
        "test_interval": stored and stored["interval"],
        **{key: found[key] for key in ("metrics", "n_unknown", "n_copies", "shift")},
    }


def _remember(study: Any, report: dict[str, Any]) -> None:
    """Keep the report on new rows with the study, the last one last."""
    kept = list(study.user_attrs.get(WORLD, []))
    study.set_user_attr(WORLD, [*kept, report][-MAX_WORLDS:])


def _seconds(started: float) -> dict[str, float]:
    return {"seconds": round(time.perf_counter() - started, 3)}


def _guard_of(study: Any) -> dict[str, Any]:
    guard: dict[str, Any] | None = study.user_attrs.get(ATTRIBUTE)
    if guard is None:
        raise GuardError(
            f"the test rows of '{study.study_name}' were never sealed.",
            "Search again under another name: `tune search SPACE --study NEW`.",
        )
    return guard


def _refuse_unfinished(studies: Studies, study: Any) -> None:
    """Refuse while choices are still to be made."""
    name = study.study_name
    if is_held(studies.home.lock(name)):
        raise GuardError(
            f"a winner is verified when the search is over, but '{name}' is being searched.",
            f"Wait, or end it with `tune stop {name}`.",
        )
    state = studies.state(study)
    if state != "finished":
        raise GuardError(
            f"a winner is verified when the search is over, but '{name}' is {state}.",
            "Run `tune search` again to its end; --trials sets how far that is.",
        )


def _refuse_own_function(experiment: Experiment, name: str) -> None:
    function = getattr(experiment.objective, "function", None)
    if function is not None:
        raise GuardError(
            f"a winner is scored from its stored weights, but those of '{name}' are known to "
            f"{function} alone.",
            "Score it on fresh rows yourself.",
        )


def _refuse_other_code(experiment: Experiment, attributes: Mapping[str, Any], name: str) -> None:
    """Refuse to look with a network whose code is no longer what its weights were trained with."""
    if "model" in changed_code(attributes, code_settings(experiment)):
        raise GuardError(
            f"{experiment.model.name} has changed since '{name}' was searched, and its stored "
            "weights are of the network that it made then.",
            "Restore the file; or search again under another name, with --study.",
        )
