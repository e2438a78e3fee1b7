"""What `tune prune` says to a person: before and after, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Content = Mapping[str, Any]

_COSTS = {
    "n_parameters": "parameters",
    "bytes": "bytes of weights",
    "flops": "FLOPs a row",
    "latency_1_ms": "ms for 1 row",
    "latency_256_ms": "ms for 256 rows",
}


def text(content: Content) -> str:
    """Return an outcome as lines."""
    parts = [list(_headline(content)), list(_table(content)), list(_facts(content))]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _headline(content: Content) -> Iterator[str]:
    who = f"{content['study']}, trial {content['trial']}"
    if "after" in content:
        before, after = (content[key]["n_parameters"] for key in ("before", "after"))
        yield (
            f"{who}: {before / after:.3g} times smaller, {content['metric']} "
            f"{_changed(content['difference'])}."
        )
    if content["sparsity"] is not None:
        found = content["sparsity"]
        yield (
            f"{who}: with {found['share']:.1%} of its weights at 0 and not trained on, "
            f"{content['metric']} {_changed(found['difference'])}. It is neither smaller nor "
            "faster: zeros are multiplied as other numbers are."
        )


def _changed(difference: Mapping[str, float]) -> str:
    low, high = difference["low"], difference["high"]
    return f"{difference['value']:+.4g} ({low:+.4g} to {high:+.4g})"


def _table(content: Content) -> Iterator[str]:
    if "after" not in content:
        return
    before, after = content["before"], content["after"]
    yield f"  {'':<30}  {'before':>12}  {'untrained':>12}  {'after':>12}"
    widths = [" ".join(map(str, column)) for column in zip(*content["layers"], strict=True)]
    yield _line(content["width"], widths[0], "", widths[1])
    for key, name in _COSTS.items():
        yield _line(name, _number(before[key]), "", _number(after[key]))
    for name in before["metrics"]:
        rows = (before, {"metrics": content["untrained"]}, after)
        yield _line(name, *(_number(row["metrics"][name]) for row in rows))


def _line(name: str, before: str, untrained: str, after: str) -> str:
    return f"  {name:<30}  {before:>12}  {untrained:>12}  {after:>12}"


def _facts(content: Content) -> Iterator[str]:
    if "after" not in content:
        return
    if content["epochs"]:
        yield (
            f"  trained  up to {content['epochs']} epochs more, of which {content['kept_epoch']} "
            "is kept"
        )
    yield f"  times    on {content['device']}, the median of warm passes; ranges are 95 %"
    yield f"  files    {content['files']['folder']}"
    if content["epochs"]:
        yield f"  again    tune search {content['files']['file']}"
    undelivered = content.get("mlflow", {})
    if undelivered.get("undelivered"):
        yield f"  MLflow   has not recorded it ({undelivered['cause']}); prune again to deliver it"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
