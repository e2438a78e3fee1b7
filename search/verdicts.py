"""What `tune verify` says to a person: the verdict in a sentence, the numbers, why, what next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..objectives.guard.ledger import MAX_LOOKS
from ..objectives.metrics import plain_name
from .progress import duration
from .summary import table

Report = Mapping[str, Any]

_NAMES = {
    "loss": "a loss",
    "accuracy": "an accuracy",
    "balanced_accuracy": "a balanced accuracy",
    "f1": "an F1",
    "auroc": "an AUROC",
    "rmse": "an RMSE",
    "mae": "an MAE",
    "r2": "an R2",
}
_CORRECTIONS = {
    "bootstrap": "without what the picking adds",
    "bound": "without the most that picking adds",
}
_BLOCKS = {
    "group": "rows of one group were drawn together",
    "time": "rows of neighbouring times were drawn together",
}


def text(report: Report) -> str:
    """Return a report as lines: of a look, a replay, a dry run, or new rows."""
    parts = [
        [_headline(report), *_warnings(report)],
        table(_name(report), _numbers(report)),
        list(_facts(report)),
        _listed(
            "why, the likeliest first" if len(report.get("why", ())) > 1 else "why", "why", report
        ),
        _listed("what to do", "next", report),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _headline(report: Report) -> str:
    if report.get("new") is not None:
        told = f"on {report['n_new']:,} rows of {report['new']} {_scores(report, report['value'])}"
        return f"NEW ROWS: {told}."
    if report.get("dry_run"):
        return _foretold(report)
    return _VERDICTS[report["verdict"]](report)


def _foretold(report: Report) -> str:
    rows = f"{report['n_test']:,} sealed test rows"
    if report["refused"] is not None:
        return (
            f"DRY RUN: nothing was opened. A look would be refused: {report['refused']['cause']}"
        )
    return (
        f"DRY RUN: nothing was opened. Look {report['look']} would be at {rows}, with "
        f"{_share(report['confidence'])} confidence."
    )


def _tainted(report: Report) -> str:
    rows = f"{report['n_test']:,} sealed test rows"
    return f"TAINTED: code of {report['study']} reached for its {rows}; they stay shut."


def _optimistic(report: Report) -> str:
    return (
        f"OPTIMISTIC: {_on_test(report)}, worse than validation had promised {_promise(report)}."
    )


def _suspicious(report: Report) -> str:
    told = f"better than validation had promised {_promise(report)}"
    return f"SUSPICIOUS: {_on_test(report)}, {told}: more than chance explains."


def _inconclusive(report: Report) -> str:
    return (
        f"INCONCLUSIVE: {_on_test(report)}; these are too few rows to say whether that is what "
        f"validation had promised {_promise(report)}."
    )


def _consistent(report: Report) -> str:
    return f"CONSISTENT: {_on_test(report)}, as validation had promised {_promise(report)}."


_VERDICTS = {
    "TAINTED": _tainted,
    "OPTIMISTIC": _optimistic,
    "SUSPICIOUS": _suspicious,
    "INCONCLUSIVE": _inconclusive,
    "CONSISTENT": _consistent,
}


def _on_test(report: Report) -> str:
    return f"on {report['n_test']:,} sealed test rows {_scores(report, report['test'])}"


def _scores(report: Report, value: float) -> str:
    who = f"{report['study']}'s winner"
    if not report.get("is_winner", True):
        who = f"trial {report['trial']} of {report['study']}"
    name = _NAMES.get(_name(report), f"a {_name(report)}")
    return f"{who} has {name} of {_number(value)} ({_range(report['interval'])})"


def _promise(report: Report) -> str:
    return f"({_number(report['corrected'])})"


def _warnings(report: Report) -> list[str]:
    told = []
    if report.get("replayed"):
        told.append(
            f"This is what look {report['look']} found. Nothing was opened again, and it counts "
            "as no new look."
        )
    if report.get("is_adaptive") and report.get("test") is not None:
        told.append(
            "These rows had been looked at before: choices may have been made by them, and the "
            "result may be better than new rows would give."
        )
    return told


def _numbers(report: Report) -> dict[str, str]:
    """Return the numbers of the table, those that are there, by what they are."""
    n = report["n_trials"]
    best = f"best of {n:,} trials" if n > 1 else "the only trial"
    rows: dict[str, str] = {f"{best}, on validation rows": _number(report["naive"])}
    rows[_CORRECTIONS[report["correction"]]] = _number(report["corrected"])
    if report.get("test") is not None:
        interval = report.get("test_interval") or report["interval"]
        rows["on sealed test rows"] = f"{_number(report['test'])}  ({_range(interval)})"
    if report.get("new") is not None:
        rows["on the new rows"] = f"{_number(report['value'])}  ({_range(report['interval'])})"
    rows |= _difference(report)
    if report.get("default") is not None:
        default = report["default"]
        rows[f"default, trial {default['number']}, on the same rows"] = _number(default["test"])
    return rows


def _difference(report: Report) -> dict[str, str]:
    if report.get("gap") is None:
        return {}
    value, low, high = report["gap"]
    how = "worse"
    if value < 0:
        how, value, low, high = "better", -value, -high, -low
    return {
        f"{how} than promised by": f"{_number(value)}  ({_range((low, high))})",
        "which is known to within": (
            f"{_number(report['half_width'])}; {_number(report['min_effect'])} would matter"
        ),
    }


def _facts(report: Report) -> Iterator[str]:
    """Yield lines about how the numbers came about."""
    if report.get("look") is not None and not report.get("dry_run"):
        reason = f": {report['reason']}" if report.get("reason") else ""
        yield f"  look    {report['look']} of {MAX_LOOKS} at these rows{reason}"
    if report.get("confidence") is not None and report.get("interval") is not None:
        drawn = _BLOCKS.get(report.get("blocks", ""), "")
        yield f"  ranges  {_share(report['confidence'])} confidence{drawn and f'; {drawn}'}"
    others = {k: v for k, v in _metrics(report).items() if k != _name(report)}
    if others:
        told = ", ".join(f"{name} {_number(value)}" for name, value in others.items())
        yield f"  also    {told}"
    reasons = "; ".join(report.get("reasons", ()))
    yield f"  guard   {report['guard_level']}{reasons and f': {reasons}'}"
    if report.get("new") is not None:
        yield from _of_new_rows(report)
    elif "shift" in report and report["shift"] is None:
        yield "  shift   not looked for: too few rows, or those that were trained on are gone"
    if report.get("seconds") is not None and not report.get("replayed"):
        yield f"  time    {duration(report['seconds'])}"


def _metrics(report: Report) -> Mapping[str, float]:
    """Return what the winner scores on the opened or new rows, by every metric of its task."""
    metrics: Mapping[str, float] = report.get("metrics", {}).get("winner", {})
    return metrics


def _of_new_rows(report: Report) -> Iterator[str]:
    shift = report["shift"]
    if shift is not None:
        low, high = shift["interval"]
        named = ", ".join(f"'{name}'" for name, _ in shift["columns"])
        told = f"; most by {named}" if named and low > 0.5 else ""
        yield (
            f"  shift   a classifier tells the new rows from the old ones with an AUC of "
            f"{shift['auc']:.2f} ({low:.2f} to {high:.2f}; 0.5 is chance){told}"
        )
    if report["n_copies"]:
        yield f"  copies  {report['n_copies']:,} of the new rows were trained on"
    if report["n_unknown"]:
        yield f"  classes {report['n_unknown']:,} of the new rows are of a class not known before"


def _listed(title: str, key: str, report: Report) -> list[str]:
    told = list(report.get(key) or ())
    if key == "next" and report.get("refused"):
        told.append(report["refused"]["fix"])
    return [f"  {title}", *(f"    {sentence}" for sentence in told)] if told else []


def _name(report: Report) -> str:
    name: str = report["metric"]
    return plain_name(name)


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _range(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{_number(low)} to {_number(high)}"


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"
