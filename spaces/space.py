"""The one walk through a space: which parameters a configuration has, and who draws them.

A parameter that is not active is not asked for, so two configurations that differ only in what
is not active are one. Parents come before what depends on them, else the order is the file's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from .expressions import (
    ABSENT,
    INDEX,
    Expression,
    ExpressionError,
    Kind,
    Reference,
    kind_of,
    parse,
)
from .parameters import (
    MAX_REPEATS,
    Categorical,
    Derived,
    Entry,
    Float,
    Int,
    Parameter,
    Scalar,
    Suggester,
    Varied,
)
from .problems import Problem, SpaceError, Where

# A configuration maps each active parameter's name to its value; the elements of a repeated one
# are called `hidden_units.0`, `hidden_units.1`, ...
Configuration = dict[str, Scalar]

# Whoever gives a value to what varies: the parameter, its name, its number within a repeat.
Answer = Callable[[Varied, str, int], Scalar]

# A space whose constraints fewer configurations meet than this is too hard to draw from.
MAX_DRAWS = 20_000
MAX_DRAWN_VALUES = 200_000  # of which there may be fewer, where configurations are large
MAX_SIZE = 10_000  # values of a configuration
_N_TRIED = 200  # configurations that are tried when a space is built
_N_HINTED = 30  # problems that are worth looking for a name nearby

# The parameter that chooses the architecture. `mlp.layers` is there where it is `mlp`.
MODEL = "model"
INPUTS = "inputs"  # the branch of columns that are taken or left, whatever the model


class Unread:
    """Stands for a parameter that is itself wrong, while the others are looked at."""


@dataclass(frozen=True)
class Step:
    """One parameter in the walk, its expressions compiled."""

    name: str
    parameter: Parameter
    branch: str | None  # the model it belongs to, where the model varies
    when: Expression | None
    repeat: Expression | int | None
    value: Expression | None  # of what is derived

    @cached_property
    def varied(self) -> Varied | None:
        """What is asked for; None of what is fixed or derived."""
        parameter = self.parameter
        return parameter if isinstance(parameter, Float | Int | Categorical) else None

    @property
    def expressions(self) -> list[Expression]:
        parts = (self.when, self.repeat, self.value)
        return [part for part in parts if isinstance(part, Expression)]

    @property
    def parents(self) -> list[str]:
        """The parameters this one cannot do without, the model first."""
        names = [MODEL] if self.branch is not None else []
        names += [name for part in self.expressions for name in part.references]
        return list(dict.fromkeys(names))

    @cached_property
    def is_repeated(self) -> bool:
        return self.repeat is not None or isinstance(self.parameter, tuple)

    def names(self, n: int) -> list[str]:
        """Return the names of `n` elements, or the one name of what is not repeated."""
        return [f"{self.name}.{i}" for i in range(n)] if self.is_repeated else [self.name]


class Space:
    """The parameters of an experiment, checked against each other and put in order.

    Args:
        parameters: by name, in the order of the file.
        constraints: conditions that every configuration meets.

    Raises:
        SpaceError: with every mistake between them.
    """

    def __init__(
        self, parameters: Mapping[str, Parameter], constraints: Sequence[str] = ()
    ) -> None:
        compiler = _Compiler(parameters)
        self.steps = compiler.steps()
        self.constraints = compiler.constraints(constraints)
        problems = compiler.problems or self._problems_of_values()
        if problems:
            raise SpaceError(problems)

    @property
    def expressions(self) -> list[Expression]:
        """Every expression of the space."""
        return [*self.constraints, *(part for step in self.steps for part in step.expressions)]

    def suggest(self, trial: Suggester) -> Configuration:
        """Draw a configuration; only what varies and is active is asked for."""
        return self.walk(lambda parameter, name, _: parameter.suggest(trial, name))

    def default(self) -> Configuration:
        """Return the configuration of trial 0: the file's defaults, else midpoints."""
        return self.walk(lambda parameter, _, index: parameter.start(index))

    def draw(self, random: Random) -> Configuration:
        """Draw a configuration uniformly; constraints are not looked at."""
        return self.walk(lambda parameter, *_: parameter.draw(random))

    def walk(self, answer: Answer) -> Configuration:
        """Go through the space once, asking for each active parameter that varies.

        Raises ExpressionError where an expression has no value for what was answered.
        """
        values: dict[str, Any] = {}
        configuration: Configuration = {}
        try:
            for step in self.steps:
                if step.branch is not None and values.get(MODEL) != step.branch:
                    continue
                if step.when is not None and step.when(values) is not True:
                    continue
                _take(step, answer, values, configuration)
        except ExpressionError as error:
            error.parameter = step.name
            raise
        return configuration

    def asked(self, configuration: Configuration) -> Configuration:
        """Return what a trial was asked for: what varies, and of what is ordered the place."""
        return {
            name: step.varied.answer_for(value)
            for step, name, value in self._by_step(configuration)
            if step.varied is not None
        }

    def told(self, configuration: Configuration) -> Configuration:
        """Return what cannot be read from what was asked: derived values and ordered choices."""
        asked = self.asked(configuration)
        return {
            name: value
            for step, name, value in self._by_step(configuration)
            if step.value is not None or asked.get(name, value) is not value
        }

    def _by_step(self, configuration: Configuration) -> Iterator[tuple[Step, str, Scalar]]:
        steps = {step.name: step for step in self.steps}
        for name, value in configuration.items():
            yield steps[name if name in steps else name.rpartition(".")[0]], name, value

    def most_elements(self, step: Step) -> int:
        """Return how many elements a repeated parameter can have, as far as that can be told."""
        if not isinstance(step.repeat, Expression):
            return _count(step, {})
        (name, *others) = step.repeat.references or ("",)
        counted = next((s.parameter for s in self.steps if s.name == name), None)
        if not others and step.repeat.source == name and isinstance(counted, Int):
            return counted.high
        random = Random(0)
        drawn = (self._values(self.draw(random)).get(step.name, []) for _ in range(_N_TRIED))
        return max(map(len, drawn))

    def broken(self, configuration: Configuration) -> list[str]:
        """Return the constraints that a configuration does not meet."""
        values = self._values(configuration) if self.constraints else {}
        return [c.source for c in self.constraints if _is_broken(c, values)]

    def is_lost(self, configuration: Configuration) -> bool:
        """Whether the values drawn so far break a constraint, whatever is drawn after them.

        What is not drawn yet counts as absent, and no more values make a false constraint true;
        but the sum of all elements is known only when all are.
        """
        values = self._values(configuration)
        return any(not c.takes_lists and _is_broken(c, values) for c in self.constraints)

    def feasible(self, random: Random) -> Iterator[tuple[Configuration, bool]]:
        """Draw uniformly for ever, saying of each configuration whether it meets them all."""
        while True:
            configuration = self.draw(random)
            yield configuration, not self.broken(configuration)

    @cached_property
    def max_draws(self) -> int:
        """How many configurations are drawn in search of one that is allowed."""
        return max(1, min(MAX_DRAWS, MAX_DRAWN_VALUES // max(1, len(self.default()))))

    def fit(self, configuration: Mapping[str, Scalar]) -> Configuration | None:
        """Return the configuration of this space that is the same as another's, None if none is.

        What neither varied nor was named elsewhere cannot be told, and does not fit.
        """

        def answer(parameter: Varied, name: str, index: int) -> Scalar:
            if name not in configuration or not parameter.contains(configuration[name]):
                raise LookupError(name)
            return configuration[name]

        try:
            own = self.walk(answer)
        except (LookupError, ExpressionError):
            return None
        is_same = own == dict(configuration)
        return own if is_same and not self.broken(own) else None

    def _values(self, configuration: Configuration) -> dict[str, Any]:
        """Return values by parameter, the elements of a repeated one in a list."""
        values: dict[str, Any] = {}
        elements: dict[str, dict[int, Scalar]] = {}
        for step, name, value in self._by_step(configuration):
            if step.is_repeated:
                elements.setdefault(step.name, {})[int(name.rpartition(".")[2])] = value
            else:
                values[name] = value
        for name, by_number in elements.items():
            values[name] = [by_number.get(i, ABSENT) for i in range(max(by_number) + 1)]
        return values

    def _problems_of_values(self) -> list[Problem]:
        """Try the default configuration and some others, so that no trial fails on a file."""
        if not self.constraints and not any(s.expressions or s.is_repeated for s in self.steps):
            return []
        try:
            broken = self.broken(self.default())
            random = Random(0)
            tried = (ok for _, ok in self.feasible(random))
            n = min(_N_TRIED, self.max_draws)
            share = sum(next(tried) for _ in range(n))
            if not share and not any(next(tried) for _ in range(self.max_draws - n)):
                rule = f"not one of {self.max_draws:,} configurations meets all constraints."
                fix = "Loosen them, or derive one parameter from another with `expression:`."
                return [Problem(("constraints",), rule, fix)]
        except ExpressionError as error:
            return [Problem(self._where(error), error.rule, error.fix)]
        rule = "trial 0, the default configuration, does not meet `{}`."
        fix = "Give the parameters a `default:` that does; a repeated one takes a list."
        sources = [constraint.source for constraint in self.constraints]
        return [
            Problem(("constraints", sources.index(source)), rule.format(source), fix)
            for source in broken
        ]

    def _where(self, error: ExpressionError) -> Where:
        """Return where the expression stands that has no value."""
        if not error.parameter:
            sources = [constraint.source for constraint in self.constraints]
            return ("constraints", sources.index(error.source))
        (step,) = (step for step in self.steps if step.name == error.parameter)
        keys = {"when": step.when, "expression": step.value, "repeat": step.repeat}
        for key, part in keys.items():
            if isinstance(part, Expression) and part.source == error.source:
                return ("parameters", step.name, key)
        return ("parameters", step.name, "repeat")


def _is_broken(constraint: Expression, values: Mapping[str, Any]) -> bool:
    return any(constraint(at) is False for at in constraint.elements(values))


def _take(
    step: Step, answer: Answer, values: dict[str, Any], configuration: Configuration
) -> None:
    """Give a value to a parameter that is there, or to each of its elements."""
    if not step.is_repeated:
        value = _value(step, step.name, 0, answer, values)
        if value is not ABSENT:
            values[step.name] = configuration[step.name] = value
        return
    names = step.names(_count(step, values))
    if len(configuration) + len(names) > MAX_SIZE:
        raise ExpressionError(f"a configuration has at most {MAX_SIZE:,} values.")
    elements: list[Any] = []
    for i, name in enumerate(names):
        value = _value(step, name, i, answer, values)
        elements.append(value)  # absent or not, so that the others keep their numbers
        if value is not ABSENT:
            configuration[name] = value
    if elements:
        values[step.name] = elements


def _value(step: Step, name: str, index: int, answer: Answer, values: dict[str, Any]) -> Any:
    if step.varied is not None:  # decided once, and not for each trial
        return answer(step.varied, name, index)
    if step.value is not None:
        return step.value({**values, INDEX: index} if step.value.has_index else values)
    parameter = step.parameter
    return parameter[index] if isinstance(parameter, tuple) else parameter


def _count(step: Step, values: dict[str, Any]) -> int:
    """Return how many elements a repeated parameter has."""
    if isinstance(step.parameter, tuple):
        return len(step.parameter)
    if not isinstance(step.repeat, Expression):
        return step.repeat or 0
    n = step.repeat(values)
    if n is ABSENT:
        return 0
    if n != int(n) or not 0 <= n <= MAX_REPEATS:
        raise ExpressionError(
            f"`repeat: {step.repeat.source}` is a whole number from 0 to {MAX_REPEATS}, "
            f"but comes to {n}.",
            source=step.repeat.source,
        )
    return int(n)


def problems_between(
    parameters: Mapping[str, Parameter | Unread], constraints: Sequence[str]
) -> list[Problem]:
    """Return what is wrong between parameters, some of which may be wrong themselves."""
    compiler = _Compiler(parameters)
    compiler.steps()
    compiler.constraints(constraints)
    return compiler.problems


class _Compiler:
    """Resolves the names that expressions speak of, and gathers what is wrong."""

    def __init__(self, parameters: Mapping[str, Parameter | Unread]) -> None:
        self.parameters = parameters
        self.problems: list[Problem] = []
        self.derived: dict[str, Expression | None] = {}  # None: at work on it, or not to be had
        model = parameters.get(MODEL)
        self.has_branches = isinstance(model, Categorical | str)
        self.models = model.choices if isinstance(model, Categorical) else ()
        self._check_names()

    def steps(self) -> list[Step]:
        """Return the parameters, parents before children, else in the order of the file."""
        steps = {
            name: self._step(name, parameter)
            for name, parameter in self.parameters.items()
            if not isinstance(parameter, Unread)
        }
        ordered: dict[str, Step] = {}
        try:
            for name in steps:
                self._visit(name, steps, ordered, ())
        except RecursionError:
            rule = "parameters depend on each other in too long a chain."
            self.problems.append(Problem(("parameters",), rule, "Shorten it."))
        return list(ordered.values())

    def constraints(self, sources: Sequence[str]) -> list[Expression]:
        found = [
            self._expression(source, "", ("constraints", k), "boolean", "a constraint")
            for k, source in enumerate(sources)
        ]
        for k, constraint in enumerate(found):
            if constraint and constraint.has_index and not constraint.subscripted:
                rule = "`i` counts the elements of a repeated parameter, but none is named here."
                self.problems.append(Problem(("constraints", k), rule, "Write `name[i]`."))
        return [constraint for constraint in found if constraint is not None]

    def _check_names(self) -> None:
        for name in self.parameters:
            parts = name.split(".")
            for n in range(1, len(parts)):
                branch = ".".join(parts[:n])
                if branch in self.parameters:
                    rule = f"`{branch}` is a parameter of its own, so nothing can lie under it."
                    fix = f"Call this one {name.replace('.', '_')}, say."
                    self.problems.append(Problem(("parameters", name), rule, fix))

    def _visit(
        self, name: str, steps: dict[str, Step], ordered: dict[str, Step], path: tuple[str, ...]
    ) -> None:
        if name in ordered or name not in steps:
            return
        if name in path:
            self._circle(name, (*path[path.index(name) :], name))
            return
        for parent in steps[name].parents:
            self._visit(parent, steps, ordered, (*path, name))
        ordered.setdefault(name, steps[name])

    def _circle(self, name: str, path: Sequence[str]) -> None:
        rule = f"these depend on each other in a circle: {' -> '.join(path)}."
        self.problems.append(Problem(("parameters", name), rule, "Break it."))

    def _step(self, name: str, parameter: Parameter) -> Step:
        branch = name.split(".")[0]
        if not isinstance(parameter, Entry):
            return Step(name, parameter, self._branch(branch, name), None, None, None)
        where = ("parameters", name)
        when = parameter.when and self._expression(
            parameter.when, name, (*where, "when"), "boolean", "a condition"
        )
        repeat: Any = parameter.repeat
        if isinstance(repeat, str):
            repeat = self._expression(repeat, name, (*where, "repeat"), "number", "a repeat") or 1
        if name == MODEL and repeat is not None:
            self.problems.append(Problem((*where, "repeat"), "`model` is one, and not repeated."))
        for key, part in (("when", when), ("repeat", repeat)):
            if isinstance(part, Expression) and part.has_index:
                rule = f"`i` counts elements, and cannot stand in `{key}:`."
                self.problems.append(Problem((*where, key), rule))
        value = self._derived(name) if isinstance(parameter, Derived) else None
        if value is not None and value.has_index and repeat is None:
            rule = "`i` counts the elements of a repeated parameter, and this one is not repeated."
            self.problems.append(Problem((*where, "expression"), rule, "Give it a `repeat:`."))
        return Step(name, parameter, self._branch(branch, name), when or None, repeat, value)

    def _branch(self, branch: str, name: str) -> str | None:
        """Return the model to which a parameter belongs, where the file chooses one."""
        if branch in (name, INPUTS) or not self.has_branches:
            return None
        # Where the model is fixed, every other branch is another model's.
        return branch if branch in self.models or not self.models else None

    def _derived(self, name: str) -> Expression | None:
        """Compile what a derived parameter says, once."""
        if name not in self.derived:
            self.derived[name] = None
            parameter = self.parameters[name]
            assert isinstance(parameter, Derived)
            where = ("parameters", name, "expression")
            source = parameter.expression
            text = str(source).lower() if isinstance(source, bool) else str(source)
            self.derived[name] = self._expression(text, name, where)
        return self.derived[name]

    def _expression(
        self, source: str, name: str, where: Where, kind: Kind | None = None, role: str = ""
    ) -> Expression | None:
        """Compile an expression that stands at `name`; note what is wrong with it."""
        branch = name.rpartition(".")[0]

        def resolve(written: str) -> Reference | None:
            return self._resolve(written, branch)

        try:
            names = self._names_seen_from(branch) if len(self.problems) < _N_HINTED else ()
            expression = parse(source, resolve, names)
        except ExpressionError as error:
            self.problems.append(Problem(where, error.rule, error.fix))
            return None
        if kind is not None and not expression.kinds <= {kind, "unknown"}:
            is_what = " or ".join(sorted(expression.kinds))
            rule = f"{role} comes to a {kind}, but `{expression.source}` is {is_what}."
            self.problems.append(Problem(where, rule, _KIND_HINTS[kind]))
            return None
        return expression

    def _resolve(self, written: str, branch: str) -> Reference | None:
        """Look a name up from the inside out: beside the parameter first, then further up."""
        while True:
            name = f"{branch}.{written}" if branch else written
            if name in self.parameters:
                return self._reference(name)
            if not branch:
                return None
            branch = branch.rpartition(".")[0]

    def _names_seen_from(self, branch: str) -> Collection[str]:
        own = [n.removeprefix(f"{branch}.") for n in self.parameters] if branch else []
        return {*self.parameters, *own}

    def _reference(self, name: str) -> Reference:
        parameter = self.parameters[name]
        is_repeated = (
            isinstance(parameter, tuple) or getattr(parameter, "repeat", None) is not None
        )
        kinds: frozenset[Kind]
        choices: tuple[Any, ...] | None = None
        if isinstance(parameter, Categorical):
            choices, kinds = parameter.choices, frozenset(map(kind_of, parameter.choices))
        elif isinstance(parameter, Float | Int):
            kinds = frozenset({"number"})
        elif isinstance(parameter, Derived):
            value = self._derived(name)
            kinds = frozenset({"unknown"}) if value is None else value.kinds
        elif isinstance(parameter, Unread):
            kinds = frozenset({"unknown"})
        elif isinstance(parameter, tuple):
            kinds = frozenset(map(kind_of, parameter))
        else:  # fixed for now, perhaps: what it is compared with may be what it could be
            kinds = frozenset({kind_of(parameter)})
        return Reference(name, kinds, is_repeated, choices)


_KIND_HINTS: dict[Kind, str] = {
    "boolean": "Write a comparison, such as `optimizer == sgd`.",
    "number": "Write a number, or the name of a parameter that is one, such as `layers`.",
}
