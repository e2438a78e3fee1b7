"""Every configuration there is, where they can be counted: a stage ends when all are trained."""

from __future__ import annotations

from ..spaces import Configuration, Scalar, Space
from ..spaces.expressions import ExpressionError
from ..spaces.parameters import Varied

MAX_LISTED = 1_000  # walks through a space; no stage has as many trials as there are more


class _EndlessError(Exception):
    """A parameter has more values than are listed."""


class _Path:
    """Answers with a value of each parameter that is not held, and remembers the others."""

    def __init__(self, held: Configuration, taken: tuple[Scalar, ...]) -> None:
        self.held = held
        self.left = list(taken)  # values to answer with first
        self.answered: tuple[Scalar, ...] = ()
        self.branches: list[
            tuple[Scalar, ...]
        ] = []  # paths that part from this one, the next last

    def answer(self, parameter: Varied, name: str, _: int) -> Scalar:
        if name in self.held:
            return self.held[name]
        if self.left:
            value = self.left.pop(0)
        elif parameter.count > MAX_LISTED:
            raise _EndlessError
        else:
            value, *others = parameter.values
            self.branches += [(*self.answered, other) for other in reversed(others)]
        self.answered += (value,)
        return value


def listed(space: Space, held: Configuration) -> list[Configuration] | None:
    """Return every allowed configuration that has the values held, None where they are too many.

    >>> listed(space, {"learning_rate": 0.01, "layers": 2})
    [{"learning_rate": 0.01, "layers": 2, "batch_size": 32}, ...]
    """
    found: list[Configuration] = []
    waiting: list[tuple[Scalar, ...]] = [()]
    n_walks = 0
    while waiting:
        path = _Path(held, waiting.pop())
        n_walks += 1
        if n_walks > MAX_LISTED:
            return None
        try:
            configuration = space.walk(path.answer)
            is_allowed = not space.broken(configuration)
        except _EndlessError:
            return None
        except ExpressionError:
            is_allowed = False
        waiting += path.branches
        if is_allowed:
            found.append(configuration)
    return found
