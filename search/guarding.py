"""What a study remembers of its guard: which rows are sealed, how well, what went against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..errors import GuardError
from ..objectives.development import Seal

ATTRIBUTE = "guard"  # of the study, in Optuna's store
WORLD = "world"  # another: reports on new labelled rows, the last one last
MAX_WORLDS = 20  # reports that are kept
MAX_TOLD = 100  # attempts remembered one by one

Level = Literal["none", "audit", "kernel"]


@dataclass(frozen=True)
class Guard:
    """The guard of one run: `kernel` where nothing that trains can reach vault or source."""

    level: Level
    reasons: tuple[str, ...] = ()  # why it is no better


def begun(study: str, was: Mapping[str, Any] | None, seal: Seal, guard: Guard) -> dict[str, Any]:
    """Return what a study that begins or goes on keeps of its guard: of all its runs the worst.

    Raises GuardError if it began with other test rows, or under another key.
    """
    now = {**asdict(seal), "level": guard.level, "reasons": list(guard.reasons), "touched": []}
    if was is None:
        return now
    if was["id"] != seal.id:
        raise GuardError(
            f"the test rows are not those that were sealed when the study '{study}' began "
            f"({seal.id}, was {was['id']}), or they were sealed with another key.",
            "Restore rows and key, or search under another name with --study.",
        )
    if was["manifest_sha256"] != seal.manifest_sha256:
        raise GuardError(
            f"the sealed rows of the study '{study}' have another manifest than when it began.",
            "Restore the vault from a backup.",
        )
    worst: Level = "audit" if "audit" in (was["level"], guard.level) else guard.level
    reasons = list(dict.fromkeys([*was["reasons"], *guard.reasons]))
    return {**now, "level": worst, "reasons": reasons, "touched": was["touched"]}


def touched(was: Mapping[str, Any], number: int, what: str) -> dict[str, Any]:
    """Return the same with an attempt to reach sealed rows, by one of the study's trials."""
    told, attempt = was["touched"], {"trial": number, "what": what}
    return {**was, "touched": told if attempt in told else [*told, attempt][:MAX_TOLD]}


def reasons_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why a study's guard level is no better."""
    return tuple(attributes.get(ATTRIBUTE, {}).get("reasons", ()))


def attempts_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words what a study's trials did to reach sealed rows."""
    attempts = attributes.get(ATTRIBUTE, {}).get("touched", ())
    return tuple(f"Trial {attempt['trial']} {attempt['what']}." for attempt in attempts)


def level_of(attributes: Mapping[str, Any]) -> str:
    """Return a study's guard level; `none` where its test rows were never sealed."""
    level: str = attributes.get(ATTRIBUTE, {}).get("level", "none")
    return level
