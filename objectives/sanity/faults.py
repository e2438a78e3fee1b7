"""What is wrong with a training, and the same found in several configurations told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..findings import Finding, ranked
from .cases import Case


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with the configuration that it was found in."""

    case: Case
    finding: Finding


def fault(
    case: Case, rule: str, found: str, fix: str, weight: float, *, is_error: bool = False
) -> Fault:
    level = "error" if is_error else "warning"
    return Fault(case, Finding(level, f"training, {case.name}", rule, found, fix, weight))  # type: ignore[arg-type]


def told(faults: Iterable[Fault], n_cases: int) -> list[Finding]:
    """Return each fault once, as its first configuration has it, ranked."""
    by_rule: dict[str, list[Fault]] = {}
    for one in faults:
        by_rule.setdefault(one.finding.rule, []).append(one)
    return ranked([_merged(same, n_cases) for same in by_rule.values()])


def _merged(same: list[Fault], n_cases: int) -> Finding:
    first = next((one for one in same if one.case.is_default), same[0])
    n_others = len({one.case.name for one in same}) - 1
    if not n_others:
        return first.finding
    more = f" (and so in {n_others} of {n_cases - 1} other configurations looked at)"
    return replace(first.finding, found=first.finding.found + more)
