"""Expressions of a file, such as `optimizer == sgd`: parsed into a tree, never run as code.

Python's own parser makes the tree; what is not listed here is refused. Each node becomes a small
function of the values drawn so far, so that a walk through a space costs little.

An expression may speak of a parameter that a configuration does not have, because its own
condition does not hold. Such a value is `ABSENT`, and the logic is the three-valued one of SQL: a
comparison with what is absent is itself absent, `absent or true` is true, `absent and false` is
false. A condition that comes out absent does not hold; a constraint that does is met.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import did_you_mean

MAX_LENGTH = 500  # characters
MAX_MAGNITUDE = 2**53  # beyond this a whole number is no float

Kind = Literal["number", "text", "boolean", "null", "unknown"]
Values = Mapping[str, Any]
Evaluate = Callable[[Values], Any]

# The number of an element, in an expression about each element of a repeated parameter.
INDEX = "i"


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()


class ExpressionError(ValueError):
    """What is wrong with an expression, or with the values it was given; and the way out."""

    def __init__(self, rule: str, fix: str = "", source: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.fix = fix
        self.source = source  # the whole expression, where only its values are at fault
        self.parameter = ""  # the parameter that says it


@dataclass(frozen=True)
class Reference:
    """What an expression may know of a parameter before it has a value."""

    name: str
    kinds: frozenset[Kind]
    is_repeated: bool = False
    choices: tuple[Any, ...] | None = None  # all the values it can have, where they are listed


@dataclass(frozen=True)
class Expression:
    """A checked expression: what it yields, what it speaks of, and how to work it out."""

    source: str
    kinds: frozenset[Kind]
    references: tuple[str, ...]  # full names, in the order in which they appear
    has_index: bool  # whether `i` appears, so that it is about each element of a repeat
    subscripted: tuple[str, ...]  # the repeated parameters whose elements it takes
    takes_lists: bool  # whether it needs all elements of a repeated parameter at once
    _evaluate: Evaluate

    def __call__(self, values: Values) -> Any:
        """Return the value, or ABSENT.

        Raises ExpressionError where these values have none, as in a division by zero.
        """
        try:
            return self._evaluate(values)
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            known = {k: v for k in self.references if (v := values.get(k, ABSENT)) is not ABSENT}
            at = ", ".join(f"{name}: {value}" for name, value in known.items())
            rule = f"`{self.source}` has no value where {at or 'nothing varies'} ({error})."
            raise ExpressionError(rule, source=self.source) from None

    def elements(self, values: Values) -> Iterator[Mapping[str, Any]]:
        """Yield the values with each `i` for which an element exists; without `i`, once."""
        if not self.has_index:
            yield values
            return
        lengths = [len(values.get(name, ())) for name in self.subscripted]
        for i in range(max(lengths, default=0)):
            yield {**values, INDEX: i}


def parse(
    source: str, resolve: Callable[[str], Reference | None], names: Collection[str] = ()
) -> Expression:
    """Parse and check an expression.

    Args:
        source: the text.
        resolve: returns what is known of the parameter behind a name, None for no parameter.
        names: the names there are, for "did you mean".

    Raises:
        ExpressionError: naming the first thing that is wrong.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice is about Python
            tree = ast.parse(source.strip(), mode="eval")
        compiler = _Compiler(source.strip(), resolve, names)
        node = compiler.node(tree.body)
    except SyntaxError:
        rule = f"`{_shown(source)}` is not an expression."
        raise ExpressionError(rule, _syntax_hint(source)) from None
    except (RecursionError, MemoryError):
        rule = f"`{_shown(source)}` is nested too deep, or builds on too long a chain of others."
        raise ExpressionError(rule) from None
    except ValueError as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"`{_shown(source)}` is not an expression ({error}).") from error
    return Expression(
        source=source.strip(),
        kinds=node.kinds,
        references=tuple(compiler.references),
        has_index=compiler.has_index,
        subscripted=tuple(compiler.subscripted),
        takes_lists=compiler.takes_lists,
        _evaluate=node.evaluate,
    )


_HINTS = {
    r"(?<![=!<>])=(?!=)": "Write `==` to compare.",
    r"&&|\|\|": "Write `and`, `or`.",
    r"!(?!=)": "Write `not`.",
    r"\.\d": "Elements are written in brackets: `hidden_units[0]`.",
    r"[{}$]": "Write a parameter's name as it is, without braces or `$`.",
}


def _syntax_hint(source: str) -> str:
    for pattern, hint in _HINTS.items():
        if re.search(pattern, source):
            return hint
    return "It reads like `optimizer == sgd and layers > 1`."


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class _Node:
    evaluate: Evaluate
    kinds: frozenset[Kind]
    literal: bool = False
    reference: Reference | None = None
    word: str | None = None  # a name that is no parameter's: text, where a parameter can have it


_NUMBER: frozenset[Kind] = frozenset({"number"})
_BOOLEAN: frozenset[Kind] = frozenset({"boolean"})

_CONSTANTS = {"true": True, "false": False, "null": None}

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _power(base: float, exponent: float) -> float:
    estimate = math.pow(base, exponent)  # overflows at once where whole numbers would take ages
    is_whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return int(base) ** int(exponent) if is_whole and abs(estimate) <= MAX_MAGNITUDE else estimate


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}

# Name to the function and the numbers of arguments it takes; one list counts as its elements.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], range]] = {
    "abs": (abs, range(1, 2)),
    "ceil": (math.ceil, range(1, 2)),
    "floor": (math.floor, range(1, 2)),
    "log2": (math.log2, range(1, 2)),
    "max": (max, range(1, 20)),
    "min": (min, range(1, 20)),
    "round": (round, range(1, 2)),
    "sqrt": (math.sqrt, range(1, 2)),
    "sum": (lambda *numbers: sum(numbers), range(1, 20)),
}
_OF_A_LIST: dict[str, Callable[[list[Any]], Any]] = {"max": max, "min": min, "sum": sum}


def kind_of(value: Any) -> Kind:
    """Return the kind of a plain value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


class _Compiler:
    """Turns the tree into functions, checking kinds and names on the way."""

    def __init__(
        self,
        source: str,
        resolve: Callable[[str], Reference | None],
        names: Collection[str],
    ) -> None:
        self.source = source
        self.resolve = resolve
        self.names = names
        self.references: dict[str, None] = {}  # a set that keeps its order
        self.subscripted: dict[str, None] = {}
        self.has_index = False
        self.takes_lists = False

    def node(self, tree: ast.expr) -> _Node:
        match tree:
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return self.constant(value)
            case ast.Name() | ast.Attribute():
                return self.name(tree)
            case ast.Subscript(value=target, slice=index):
                return self.element(target, index)
            case ast.BoolOp(op=op, values=parts):
                return self.logic(isinstance(op, ast.And), parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negation(operand)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return self.sign(isinstance(op, ast.USub), operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
                return self.arithmetic(left, _OPERATIONS[type(op)], right)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self.comparisons([left, *rights], ops)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.choice(test, body, other)
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self.call(function, arguments)
        raise ExpressionError(
            f"`{self.shown(tree)}` is not part of the language of expressions.",
            "There are and, or, not, in, comparisons, + - * / // % **, `a if b else c`, and "
            f"{', '.join(_FUNCTIONS)}.",
        )

    def shown(self, tree: ast.AST) -> str:
        return _shown(ast.get_source_segment(self.source, tree) or self.source)

    def constant(self, value: Any) -> _Node:
        if kind_of(value) == "number" and not abs(value) <= MAX_MAGNITUDE:
            raise ExpressionError("a number in an expression lies within 2**53 of zero.")
        return _Node(lambda _: value, frozenset({kind_of(value)}), literal=True)

    def known(self, tree: ast.expr) -> _Node:
        """Resolve a name that is a parameter's, or a constant's."""
        node = self.name_or_word(tree)
        if node.word is not None:
            raise self.unknown(node.word)
        return node

    def name(self, tree: ast.expr) -> _Node:
        node = self.known(tree)
        if node.reference is not None and node.reference.is_repeated:
            raise ExpressionError(
                f"`{node.reference.name}` is repeated: say which element, or take all of them.",
                f"Write `{node.reference.name}[0]`, or max(...), min(...), sum(...) of it.",
            )
        return node

    def unknown(self, word: str) -> ExpressionError:
        fix = did_you_mean(word, self.names)
        if fix.startswith("Known"):  # and so hardly a slip of the pen
            fix = f"Text has quotes: '{word}'. {fix}"
        return ExpressionError(f"there is no parameter '{word}'.", fix)

    def name_or_word(self, tree: ast.expr) -> _Node:
        """Resolve a name; what is no parameter comes back as a word."""
        name = self.dotted(tree)
        reference = self.resolve(name)
        if reference is None:
            if name in _CONSTANTS:
                return self.constant(_CONSTANTS[name])
            if name == INDEX:
                self.has_index = True
                return _Node(lambda values: values[INDEX], _NUMBER)
            return _Node(lambda _: name, frozenset({"text"}), literal=True, word=name)
        full = reference.name
        self.references[full] = None
        return _Node(lambda values: values.get(full, ABSENT), reference.kinds, reference=reference)

    def dotted(self, tree: ast.expr) -> str:
        match tree:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=value, attr=attribute):
                return f"{self.dotted(value)}.{attribute}"
        raise ExpressionError(f"`{self.shown(tree)}` is not a parameter's name.")

    def element(self, target: ast.expr, index: ast.expr) -> _Node:
        node = self.known(target)
        if node.reference is None or not node.reference.is_repeated:
            raise ExpressionError(
                f"`{self.shown(target)}` is not repeated, so it has no elements.",
                "Write its name alone.",
            )
        name = node.reference.name
        if isinstance(index, ast.UnaryOp):
            raise ExpressionError(
                f"`{name}` has no element {self.shown(index)}: they are counted from 0.",
                f"Write `{name}[layers - 1]` for the last one, where there are `layers`.",
            )
        self.subscripted[name] = None
        at = self.of_kind(index, "number", "an index")

        def evaluate(values: Values) -> Any:
            elements, i = values.get(name, ABSENT), at(values)
            if elements is ABSENT or i is ABSENT or i != int(i):
                return ABSENT
            return elements[int(i)] if 0 <= i < len(elements) else ABSENT

        return _Node(evaluate, node.kinds, reference=replace(node.reference, is_repeated=False))

    def of_kind(self, tree: ast.expr, kind: Kind, role: str) -> Evaluate:
        """Compile a part that must be of one kind."""
        node = self.node(tree)
        if not node.kinds & {kind, "unknown"}:
            raise ExpressionError(
                f"`{self.shown(tree)}` is {' or '.join(sorted(node.kinds))}, but {role} is a "
                f"{kind}."
            )
        if len(node.kinds - {"unknown"}) > 1:
            raise ExpressionError(
                f"`{self.shown(tree)}` can be {' or '.join(sorted(node.kinds))}, but {role} is "
                f"always a {kind}."
            )
        return node.evaluate

    def logic(self, is_and: bool, parts: list[ast.expr]) -> _Node:
        role = "a part of `and`" if is_and else "a part of `or`"
        compiled = [self.of_kind(part, "boolean", role) for part in parts]
        # One false decides an `and`, one true an `or`.
        return _Node(_joined(compiled, decisive=not is_and), _BOOLEAN)

    def negation(self, operand: ast.expr) -> _Node:
        inner = self.of_kind(operand, "boolean", "what `not` turns round")

        def evaluate(values: Values) -> Any:
            value = inner(values)
            return ABSENT if value is ABSENT else not value

        return _Node(evaluate, _BOOLEAN)

    def sign(self, is_minus: bool, operand: ast.expr) -> _Node:
        inner = self.of_kind(operand, "number", "what has a sign")

        def evaluate(values: Values) -> Any:
            value = inner(values)
            return -value if is_minus and value is not ABSENT else value

        return _Node(evaluate, _NUMBER, literal=isinstance(operand, ast.Constant))

    def arithmetic(
        self, left: ast.expr, operation: Callable[[Any, Any], Any], right: ast.expr
    ) -> _Node:
        a = self.of_kind(left, "number", "what is reckoned with")
        b = self.of_kind(right, "number", "what is reckoned with")

        def evaluate(values: Values) -> Any:
            x, y = a(values), b(values)
            if x is ABSENT or y is ABSENT:
                return ABSENT
            result = operation(x, y)
            if not abs(result) <= MAX_MAGNITUDE:
                raise OverflowError("a number lies within 2**53 of zero")
            return result

        return _Node(evaluate, _NUMBER)

    def choice(self, test: ast.expr, body: ast.expr, other: ast.expr) -> _Node:
        condition = self.of_kind(test, "boolean", "what stands after `if`")
        then, otherwise = self.node(body), self.node(other)

        def evaluate(values: Values) -> Any:
            holds = condition(values)
            if holds is ABSENT:
                return ABSENT
            return (then if holds else otherwise).evaluate(values)

        return _Node(evaluate, then.kinds | otherwise.kinds)

    def call(self, function: str, arguments: list[ast.expr]) -> _Node:
        if function not in _FUNCTIONS:
            raise ExpressionError(
                f"there is no function '{function}'.", did_you_mean(function, _FUNCTIONS)
            )
        apply, counts = _FUNCTIONS[function]
        if len(arguments) not in counts:
            raise ExpressionError(f"`{function}` does not take {len(arguments)} arguments.")
        if len(arguments) == 1 and function in _OF_A_LIST:
            return self.call_on_list(function, arguments[0])
        parts = [self.of_kind(part, "number", f"what {function} takes") for part in arguments]

        def evaluate(values: Values) -> Any:
            numbers = [part(values) for part in parts]
            return ABSENT if any(n is ABSENT for n in numbers) else apply(*numbers)

        return _Node(evaluate, _NUMBER)

    def call_on_list(self, function: str, argument: ast.expr) -> _Node:
        node = self.known(argument)
        if node.reference is None or not node.reference.is_repeated:
            raise ExpressionError(f"`{function}` of one thing takes a repeated parameter.")
        if node.kinds != _NUMBER:
            raise ExpressionError(
                f"`{function}` takes numbers, but `{node.reference.name}` is not."
            )
        self.takes_lists = True
        apply = _OF_A_LIST[function]

        def evaluate(values: Values) -> Any:
            numbers = node.evaluate(values)
            return ABSENT if numbers is ABSENT or ABSENT in numbers else apply(numbers)

        return _Node(evaluate, _NUMBER)

    def comparisons(self, operands: list[ast.expr], ops: list[ast.cmpop]) -> _Node:
        """`a < b < c` is `a < b and b < c`."""
        pairs = [
            self.comparison(left, op, right)
            for left, op, right in zip(operands, ops, operands[1:], strict=False)
        ]
        return _Node(pairs[0] if len(pairs) == 1 else _joined(pairs, decisive=False), _BOOLEAN)

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Evaluate:
        if isinstance(op, ast.In | ast.NotIn):
            return self.membership(left, right, isinstance(op, ast.NotIn))
        if type(op) not in _COMPARISONS:
            raise ExpressionError("`is` is not part of the language.", "Write `==`.")
        a, b = self.operand(left), self.operand(right)
        self.check_pair(a, b, left, right, must_be_ordered=not isinstance(op, ast.Eq | ast.NotEq))
        compare, x, y = _COMPARISONS[type(op)], a.evaluate, b.evaluate

        def evaluate(values: Values) -> Any:
            p, q = x(values), y(values)
            if p is ABSENT or q is ABSENT:
                return ABSENT
            return compare(p, q)

        return evaluate

    def operand(self, tree: ast.expr) -> _Node:
        """Compile one side of a comparison, where a bare word may be text."""
        if isinstance(tree, ast.Name | ast.Attribute):
            node = self.name_or_word(tree)
            return node if node.word is not None else self.name(tree)
        return self.node(tree)

    def check_pair(
        self, a: _Node, b: _Node, left: ast.expr, right: ast.expr, must_be_ordered: bool
    ) -> None:
        if a.literal and b.literal:
            word = a.word or b.word
            if word is not None:
                raise self.unknown(word)
            raise ExpressionError(f"`{self.source}` compares two constants.", "Name a parameter.")
        for node in (a, b):
            if node.word is not None and not (a if node is b else b).kinds & {"text", "unknown"}:
                raise self.unknown(node.word)
        if must_be_ordered:
            for node, tree in ((a, left), (b, right)):
                if not node.kinds <= {"number", "unknown"}:
                    raise ExpressionError(
                        f"`{self.shown(tree)}` is not a number, and has no order.",
                        "Compare it with ==, != or in.",
                    )
        if not (a.kinds & b.kinds or "unknown" in a.kinds | b.kinds):
            raise ExpressionError(
                f"`{self.shown(left)}` is {' or '.join(sorted(a.kinds))} and "
                f"`{self.shown(right)}` is {' or '.join(sorted(b.kinds))}: they are never equal."
            )
        for node, other in ((a, b), (b, a)):
            if node.literal and other.reference is not None and not must_be_ordered:
                self.check_is_a_choice(node.evaluate({}), other.reference)

    def check_is_a_choice(self, value: Any, reference: Reference) -> None:
        if reference.choices is None or value in reference.choices:
            return
        known = [str(choice) for choice in reference.choices]
        raise ExpressionError(
            f"`{reference.name}` is never {value!r}.", did_you_mean(str(value), known)
        )

    def membership(self, left: ast.expr, right: ast.expr, is_not: bool) -> Evaluate:
        if not isinstance(right, ast.List | ast.Tuple):
            raise ExpressionError(
                "`in` takes a list of values.", "Write it like `optimizer in [sgd, rmsprop]`."
            )
        subject = self.operand(left)
        if subject.word is not None:
            raise self.unknown(subject.word)
        members = []
        for tree in right.elts:
            node = self.operand(tree)
            if not node.literal:
                raise ExpressionError(f"`{self.shown(tree)}` is not a plain value of a list.")
            self.check_pair(subject, node, left, tree, must_be_ordered=False)
            members.append(node.evaluate({}))
        x = subject.evaluate

        def evaluate(values: Values) -> Any:
            value = x(values)
            return ABSENT if value is ABSENT else (value in members) is not is_not

        return evaluate


def _joined(parts: list[Evaluate], decisive: bool) -> Evaluate:
    """Return the three-valued `and` or `or` of parts, which one decisive value settles."""

    def evaluate(values: Values) -> Any:
        result: Any = not decisive
        for part in parts:
            value = part(values)
            if value is decisive:
                return decisive
            if value is ABSENT:
                result = ABSENT
        return result

    return evaluate
