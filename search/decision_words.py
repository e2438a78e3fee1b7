"""What `tune threshold` says to a person: what is answered, a table, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Content = Mapping[str, Any]

_COLUMNS = ("recall", "precision", "f1", "specificity", "cost")


def text(content: Content) -> str:
    """Return a report as lines."""
    parts = [list(_headline(content)), list(_table(content)), list(_facts(content))]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _headline(content: Content) -> Iterator[str]:
    who = f"{content['study']}, trial {content['trial']}"
    if content["goal"] is None:
        name = content["classes"][content["class"]]
        yield f"{who}: what a threshold on the probability of '{name}' comes to."
    elif content["rule"]["rule"] == "threshold":
        name = content["classes"][content["class"]]
        threshold = content["chosen"]["threshold"]
        low, high = content["chosen"]["interval"]["threshold"]
        if content["chosen"]["by"] == "theory":
            yield (
                f"{who}: '{name}' is answered where {_score(content)} is above "
                f"{_threshold(threshold)}, as its costs say."
            )
            return
        yield (
            f"{who}: '{name}' is answered where {_score(content)} is above "
            f"{_threshold(threshold)} ({_threshold(low)} to {_threshold(high)})."
        )
    elif content["rule"]["rule"] == "costs":
        yield f"{who}: the answer is the class whose expected cost is least."
    else:
        yield (
            f"{who}: the answer stays the likeliest class, which costs no more on the validation "
            "rows than the answers that should cost least."
        )


def _score(content: Content) -> str:
    if len(content["classes"]) == 2:
        return "its probability"
    return "its share of its own and the likeliest other's probability"


def _table(content: Content) -> Iterator[str]:
    """Yield the thresholds, or the classes where costs decide between several."""
    if content["table"]:
        yield from _thresholds(content)
        return
    chosen, trained = content["by_cost"], content["as_trained"]
    width = max(5, *map(len, content["classes"]))
    yield f"  {'class':<{width}}   recall by cost  as trained   precision by cost  as trained"
    for i, name in enumerate(content["classes"]):
        cells = [row[kind][i] for kind in ("recall", "precision") for row in (chosen, trained)]
        a, b, c, d = map(_number, cells)
        yield f"  {name:<{width}}   {a:>14}  {b:>10}   {c:>17}  {d:>10}"


def _thresholds(content: Content) -> Iterator[str]:
    marks = _marks(content)
    yield "    threshold  " + "  ".join(f"{name:>11}" for name in _COLUMNS)
    for row in content["table"]:
        cells = "  ".join(f"{_number(row[name]):>11}" for name in _COLUMNS)
        mark = marks.get(row["threshold"], "")
        star = "*" if mark.startswith("chosen") else " "
        yield f"  {star} {_threshold(row['threshold']):>9}  {cells}{'  ' if mark else ''}{mark}"
    if content["chosen"] is not None:
        others = content["chosen"]["expected"]
        cells = "  ".join(f"{_number(others.get(name)):>11}" for name in _COLUMNS)
        yield f"    {'others':>9}  {cells}  expected of other rows"


def _marks(content: Content) -> dict[float, str]:
    marks = {content["as_trained"]["threshold"]: "as trained"}
    if content["chosen"] is not None:
        marks[content["chosen"]["threshold"]] = "chosen"
    return marks


def _facts(content: Content) -> Iterator[str]:
    if content["goal"] is not None and content["rule"]["rule"] == "threshold":
        yield from _of_threshold(content)
    elif content["goal"] is not None:
        saved = content["saved"]
        yield (
            f"  cost       {content['by_cost']['cost']:.4g} a row by cost, "
            f"{content['as_trained']['cost']:.4g} as trained: {saved['value']:.4g} saved "
            f"({saved['low']:.4g} to {saved['high']:.4g})"
        )
    yield (
        f"  rows       {content['n_rows']:,} validation rows, by which the trial was picked, too; "
        "ranges are 95 %"
    )
    if content["goal"] is None:
        yield "  chosen     nothing: say what mistakes cost (--costs), or what to keep (--recall,"
        yield "             --precision)"
    else:
        name = content["study"]
        yield f"  kept       with the study; `tune threshold {name} --clear` forgets it"


def _of_threshold(content: Content) -> Iterator[str]:
    chosen = content["chosen"]
    kind = next(iter(content["goal"]))
    name = kind.removesuffix("s")
    low, high = chosen["interval"][name]
    yield f"  range      {name} {low:.4g} to {high:.4g} at this threshold"
    if chosen["reached"] is not None:
        share = chosen["reached"]
        yield f"  reached    on other rows in {share:.0%} of the cases: ask for more to be surer"
    if chosen["by"] == "theory":
        yield "  why        one chosen on these rows is not expected to cost less on others"
    elif content["bayes"] is not None:
        bayes = content["bayes"]
        yield (
            f"  by theory  {_threshold(bayes['threshold'])} costs least where probabilities are "
            f"right; here it costs {_number(bayes['cost'])} a row"
        )


def _threshold(value: float) -> str:
    """Return a threshold so that one just below 1 is not shown as 1."""
    shown = f"{value:.4g}"
    return f"1-{1 - value:.1e}" if shown == "1" and value < 1 else shown


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
