"""A diagnosis in words: the task card, the six steps, what to try first, and what is unknown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ...spaces import Experiment
from .advice import STEPS, Advice
from .checklist import Item
from .pieces import again

WIDTH = 99
N_SHOWN = 3  # advices in full; the others by name


def card_lines(experiment: Experiment) -> list[str]:
    """Return what the result is for, and what it is compared with."""
    card, metric = experiment.card, experiment.objective.metric
    human = "not known" if card.human_level is None else f"{card.human_level:.4g}"
    published = ", ".join(f"{p.value:.4g} ({p.source})" for p in card.published) or "none named"
    return [
        *([f"  for          {card.purpose}"] if card.purpose else []),
        f"  metric       {metric}; human level {human}; published {published}",
        f"  data         {experiment.data.source}",
    ]


def checklist_lines(items: Sequence[Item]) -> list[str]:
    """Return the six steps, a line or more each."""
    lines = ["The six steps"]
    for number, item in enumerate(items, start=1):
        mark = {"done": "done", "open": "OPEN", "unknown": "?"}[item.state]
        head = f"  {mark:<5} {number} {item.step:<19}"
        lines += _wrapped(item.detail, head, " " * len(head))
    return lines


def advice_lines(findings: Sequence[Advice], study: str) -> list[str]:
    """Return the first advices in full."""
    lines: list[str] = []
    for number, advice in enumerate(findings[:N_SHOWN]):
        when = "Try first" if number == 0 else "Then"
        lines += ["", f"{when}: step {STEPS.index(advice.step) + 1}, {advice.step}"]
        lines += _full(advice, study)
    rest = [advice.cause for advice in findings[N_SHOWN:]]
    return lines + (["", f"Later: {', '.join(rest)}"] if rest else [])


def _full(advice: Advice, study: str) -> Iterator[str]:
    for sentence in (advice.what, advice.why, advice.attempt):
        yield from _wrapped(sentence, "  ", "  ")
    if advice.yaml:
        yield "  Write into the file:"
    for line in advice.yaml.splitlines():
        yield f"      {line}"
    commands = [advice.command] if advice.command else []
    commands += [again(study, advice.yaml)] if advice.yaml else []
    for command in dict.fromkeys(commands):
        yield f"  $ {command}"


def unknown_lines(unknown: Sequence[str]) -> list[str]:
    """Return what could not be known."""
    if not unknown:
        return []
    lines = ["", "Not known"]
    for told in unknown:
        lines += _wrapped(told, "  ", "  ")
    return lines


def short_lines(item: Item | None, findings: Sequence[Advice], study: str) -> list[str]:
    """Return the first open step and the first advice, for the end of a search."""
    if item is None or not findings:
        return []
    advice = findings[0]
    number = STEPS.index(item.step) + 1
    lines = [f"  next     step {number} of 6, {item.step}"]
    for sentence in (advice.what, advice.attempt):
        lines += _wrapped(sentence, " " * 11, " " * 11)
    lines += [f"             {line}" for line in advice.yaml.splitlines()]
    return [*lines, f"           all of it: tune status {study}", ""]


def _wrapped(text: str, first: str, other: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
