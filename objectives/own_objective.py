"""What a file must agree on with a function of the user's own that scores its trials."""

from __future__ import annotations

import ast
from pathlib import Path

from ..errors import InputError
from ..spaces import Experiment, Problem, Training
from ..spaces.objective import Objective
from ..spaces.problems import Where
from .callables import is_callable
from .metrics import refused_name
from .outcomes import where_of
from .own_code import Defined, definition, nodes, place_of, takes

ARGUMENTS = ("config", "development", "seed")
_YIELD = "Yield a dict of metrics after each epoch."

# What such a trial has of `training:`. The rest is the built-in trainer's.
_OF_ANY_TRIAL = {"epochs", "seed"}


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with `objective:` and beside it, where it names a function."""
    source = str(experiment.objective.function)
    found = []
    for i, objective in enumerate(experiment.objectives):
        found += _metric_problems(objective, source, where_of(experiment, i))
    return [*found, *_function_problems(source, where_of(experiment, 0)), *_unused(experiment)]


def _metric_problems(objective: Objective, source: str, where: Where) -> list[Problem]:
    found = []
    if "metric" not in objective.model_fields_set:
        rule = f"which of its metrics {Path(source).name} is scored by is not said."
        found.append(Problem(where, rule, "Add `metric:`."))
    elif refusal := refused_name(objective.metric):
        found.append(Problem((*where, "metric"), refusal, "Give it another name."))
    if objective.direction is None:
        rule = f"whether more or less of {objective.metric} is better is not said."
        fix = "Add `direction: minimize` or `direction: maximize`."
        found.append(Problem(where, rule, fix))
    return found


def _function_problems(source: str, where: Where) -> list[Problem]:
    where = (*where, "function")
    if not is_callable(source):
        rule = f"a function reads `./file.py:name` or `package.module:name`, but got {source!r}."
        return [Problem(where, rule)]
    try:
        return _seen(source, where)
    except InputError as error:
        return [Problem(where, error.cause, error.fix)]


def _unused(experiment: Experiment) -> list[Problem]:
    """Return what a file says to the built-in trainer, which is not there to listen."""
    name = Path(str(experiment.objective.function)).name
    found = []
    if experiment.model != Experiment.model_fields["model"].default:
        rule = f"`model:` is the built-in trainer's, but {name} trains here."
        found.append(Problem(("model",), rule, "Remove it."))
    default = Training()
    for key in Training.model_fields.keys() - _OF_ANY_TRIAL:
        if getattr(experiment.training, key) != getattr(default, key):
            rule = f"`{key}` under `training:` is the built-in trainer's, but {name} trains here."
            fix = f"Write `{key}` under `parameters:`, or remove it."
            if key == "early_stopping":
                fix = "Remove it: a trial ends when the function does."
            found.append(Problem(("training", key), rule, fix))
    return found


def _seen(source: str, where: Where) -> list[Problem]:
    """Return what a function's file gives away of it."""
    defined = definition(source, _YIELD)
    if defined is None:
        return []
    rule, fix = _misfit(defined)
    told = f"{place_of(source, defined)}: '{defined.name}' {rule}."
    return [Problem(where, told, fix)] if rule else []


def _misfit(defined: Defined) -> tuple[str, str]:
    """Return why this is no generator function of three arguments, and what to do."""
    if not isinstance(defined, ast.FunctionDef):
        kind = "a class" if isinstance(defined, ast.ClassDef) else "asynchronous"
        return f"is a function that yields, but it is {kind}", "Write `def`."
    if not takes(defined.args, len(ARGUMENTS)):
        called = f"is called with ({', '.join(ARGUMENTS)})"
        fix = f"Write `def {defined.name}({', '.join(ARGUMENTS)}):`."
        return f"{called}, but takes ({ast.unparse(defined.args)})", fix
    if not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes(defined.body)):
        return "is a function that yields, but there is no `yield` in it", _YIELD
    return "", ""
