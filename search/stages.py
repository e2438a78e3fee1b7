"""Stages of a search: some parameters are drawn, the others held where they are best so far.

A study remembers its stages, so that one which was interrupted goes on with the values that it
began with, whatever has become the best since: trials of a stage differ in what it draws alone.
A parameter that is there only with some of the values drawn, and was not in the configuration
whose values are held, is drawn as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, did_you_mean
from ..spaces import Configuration, Space
from ..spaces.space import Step

ATTRIBUTE = "stages"


@dataclass(frozen=True)
class Stage:
    """What is drawn from a trial on, and what is not."""

    only: tuple[str, ...]  # names in the file of what is drawn; () where everything is
    trial: int | None  # the trial whose values are held; None: the default configuration's
    held: Configuration  # by name, elements each
    first: int  # number of the first trial that belongs to it

    @classmethod
    def begin(
        cls,
        only: Sequence[str],
        space: Space,
        trial: int | None,
        configuration: Configuration,
        first: int,
    ) -> Stage:
        """Hold all that varies in a configuration but `only`; nothing where that is empty."""
        varied = space.asked(configuration) if only else {}
        held = {name: configuration[name] for name in varied if not _is_of(name, only)}
        return cls(tuple(only), trial if only else None, held, first)

    @property
    def sentence(self) -> str:
        """Say what varies, for a person."""
        if not self.only:
            return "every parameter is drawn"
        place = "the default configuration" if self.trial is None else f"trial {self.trial}"
        verb = "is" if len(self.only) == 1 else "are"
        return f"only {', '.join(self.only)} {verb} drawn, the rest is as in {place}"

    def to_json(self) -> dict[str, Any]:
        return {
            "only": list(self.only),
            "trial": self.trial,
            "held": dict(self.held),
            "first": self.first,
        }


def stored(attributes: Mapping[str, Any]) -> list[Stage]:
    """Return the stages of a study with these attributes, in their order."""
    found = attributes.get(ATTRIBUTE, [])
    return [Stage(tuple(s["only"]), s["trial"], s["held"], s["first"]) for s in found]


def at(stages: Sequence[Stage], number: int) -> Stage | None:
    """Return the stage that a trial belongs to, None where everything is drawn."""
    last = next((s for s in reversed(stages) if s.first <= number), None)
    return last if last is not None and last.only else None


def named(space: Space, only: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that names stand for, in the order in which they are drawn.

    A branch (`mlp`) stands for all that varies under it, a repeated parameter for its elements.

    Raises:
        InputError: nothing of that name varies.
    """
    taken = {step.name for name in only for step in _meant(space, name)}
    return tuple(step.name for step in space.steps if step.name in taken)


def _meant(space: Space, name: str) -> list[Step]:
    own = [s for s in space.steps if s.name == name or s.name.startswith(f"{name}.")]
    varied = [step for step in own if step.varied is not None]
    if varied:
        return varied
    rule = f"--only names a parameter that varies, but got '{name}'"
    if not own:
        known = [step.name for step in space.steps if step.varied is not None]
        raise InputError(f"{rule}.", did_you_mean(name, known) or "Give parameters a range first.")
    if own[0].value is not None:
        sources = ", ".join(own[0].value.references)
        fix = f"Name what it follows from: {sources}." if sources else "It is always the same."
        raise InputError(f"{rule}, which follows from an `expression:`.", fix)
    raise InputError(f"{rule}, which has one value.", "Give it a range in the file first.")


def _is_of(name: str, only: Collection[str]) -> bool:
    """Whether a value is that of one of these parameters, or an element's of it."""
    return name in only or name.rpartition(".")[0] in only
