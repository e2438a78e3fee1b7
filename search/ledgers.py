"""`tune ledger`: every look at sealed rows, and whether all is as it was left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..errors import GuardError
from ..objectives.guard import keys, sealing
from ..objectives.guard.entries import Entry
from ..objectives.guard.ledger import Ledger, Look, looks
from ..objectives.guard.places import Places
from ..objectives.metrics import plain_name

_TITLES = ("date", "who", "study", "trial", "sealed as", "rows", "look", "on test rows", "verdict")


def shown(places: Places) -> dict[str, Any]:
    """Return every look, the first one first, and the ledger's head.

    Raises GuardError where the ledger is damaged.
    """
    entries = Ledger(places.ledger).entries()
    head = entries[-1].hash if entries else ""
    return {"looks": [_shown(look) for look in looks(entries)], "head": head}


def _shown(look: Look) -> dict[str, Any]:
    report = look.report or {}
    said = {key: report.get(key) for key in ("verdict", "metric", "test", "interval")}
    return {
        "time": look.time,
        "who": look.who,
        "study": look.study,
        "trial": look.trial,
        "seal": look.seal,
        "rows": look.n_rows,
        "look": look.number,
        "reason": look.reason,
        "state": "CRASHED" if look.is_crashed else "DONE",
        **said,
    }


def shown_text(content: dict[str, Any]) -> str:
    """Return what `shown` found as lines for a person."""
    found = content["looks"]
    if not found:
        return "Nobody has looked at sealed test rows yet."
    rows = [_TITLES, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    notes = ["", *map(_note, found)]
    told = [line for pair in zip(lines, notes, strict=True) for line in pair if line]
    return "\n".join([*told, f"head {content['head']}"])


def _cells(look: dict[str, Any]) -> tuple[str, ...]:
    score = ""
    if look["test"] is not None:
        score = f"{plain_name(look['metric'] or '')} {look['test']:.4g}".strip()
    return (
        f"{look['time'][:10]} {look['time'][11:16]}",
        look["who"],
        look["study"],
        str(look["trial"]),
        look["seal"],
        f"{look['rows']:,}",
        str(look["look"]),
        score,
        look["verdict"] or look["state"],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True)).rstrip()


def _note(look: dict[str, Any]) -> str:
    """Return what is to be said below a look, "" where it is an ordinary one."""
    told = [f"reopened: {look['reason']}"] if look["reason"] else []
    if look["state"] == "CRASHED":
        told.append("cut short after the rows were opened; the same `tune verify` finishes it")
    return f"    {'; '.join(told)}" if told else ""


def checked(places: Places) -> dict[str, Any]:
    """Return whether chain, key and sealed sets are as they were left, and all that is not."""
    entries: tuple[Entry, ...] = ()
    past: tuple[Look, ...] = ()
    problems: list[GuardError] = []
    try:
        entries = Ledger(places.ledger).entries()
        past = looks(entries)
    except GuardError as error:
        problems.append(error)
    sets = sorted({*sealing.sets(places), *(look.seal for look in past)})
    problems += _of_vault(places, sets)
    return {
        "ok": not problems,
        "problems": [{"cause": error.cause, "fix": error.fix} for error in problems],
        "entries": len(entries),
        "sets": len(sets),
        "head": entries[-1].hash if entries else "",
    }


def _of_vault(places: Places, sets: Sequence[str]) -> Iterator[GuardError]:
    checks: list[Callable[[], object]] = [partial(sealing.check, places, name) for name in sets]
    if sets:
        checks.append(partial(keys.read, places))
    for check in checks:
        try:
            check()
        except GuardError as error:
            yield error


def checked_text(content: dict[str, Any]) -> str:
    """Return what `checked` found as lines for a person."""
    if content["ok"]:
        n, n_sets = content["entries"], content["sets"]
        lines = [f"All is as it was left. Lines of the ledger: {n}. Sealed sets: {n_sets}."]
    else:
        lines = [line for p in content["problems"] for line in (p["cause"], f"  fix: {p['fix']}")]
    return "\n".join([*lines, *([f"head {content['head']}"] if content["head"] else [])])
