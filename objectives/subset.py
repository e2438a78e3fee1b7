"""Which inputs a trial's network sees: columns that it takes or leaves, and the best few.

`inputs.COLUMN` is true or false, and `n_inputs` is how many columns are kept of those that are
left: the ones that say most about the target on the training rows (`relevance`). A column is
there whole, with every number that is made of it; of arrays every number is a column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import InputError, did_you_mean
from ..models.inputs import Inputs
from ..spaces import Experiment, Problem
from ..spaces.experiment import Data
from ..spaces.parameters import Categorical, Derived, Float, Int, Parameter
from ..spaces.space import INPUTS
from .development import Fold
from .findings import DataError
from .locations import without_credentials
from .relevance import ranking

N_BEST = "n_inputs"
KEPT = "kept"  # of a network's weights, the numbers that it sees
_PREFIX = f"{INPUTS}."


def is_used(name: str) -> bool:
    """Whether a parameter says what a network sees."""
    return name == N_BEST or name.startswith(_PREFIX)


def kept(inputs: Inputs, configuration: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the numbers of a row that a configuration keeps, None where it does not choose.

    Raises:
        InputError: no column is kept.
    """
    if not any(map(is_used, configuration)):
        return None
    places = places_of(inputs)
    names = list(places)
    taken = [i for i, name in enumerate(names) if configuration.get(f"{_PREFIX}{name}", True)]
    if (n_best := configuration.get(N_BEST)) is not None:
        assert len(inputs.ranking) == len(names)
        taken = [i for i in inputs.ranking if i in set(taken)][: int(n_best)]
    if not taken:
        rule = "a network has an input, but this configuration keeps none of the columns."
        raise InputError(rule, "Add a constraint, such as `inputs.a or inputs.b`.")
    return tuple(sorted(number for i in taken for number in places[names[i]]))


def narrowed(inputs: Inputs, numbers: Sequence[int]) -> Inputs:
    """Return what a row is of which some numbers are kept."""
    at = {number: i for i, number in enumerate(numbers)}
    return Inputs(
        shape=(len(numbers),),
        categories=tuple(
            (at[first], at[first] + end - first) for first, end in inputs.categories if first in at
        ),
        columns=tuple(inputs.columns[number] for number in numbers if inputs.columns),
    )


def places_of(inputs: Inputs) -> dict[Any, list[int]]:
    """Return each column's numbers in a row, by its name, or by its place where it has none."""
    places: dict[Any, list[int]] = {}
    for number, name in enumerate(inputs.columns or range(inputs.n)):
        places.setdefault(name, []).append(number)
    return places


def ranked(inputs: Inputs, fold: Fold, experiment: Experiment) -> Inputs:
    """Return the inputs with what the training rows say of each column, where a trial asks."""
    if N_BEST not in experiment.parameters or experiment.objective.function is not None:
        return inputs
    places = list(places_of(inputs).values())
    return replace(inputs, ranking=ranking(fold.x_train, fold.y_train, places, experiment.task))


def recalled(inputs: Inputs, configuration: Mapping[str, Any], numbers: Collection[int]) -> Inputs:
    """Return the inputs ranked so that a configuration keeps what stored weights say it kept.

    Args:
        inputs: what a row is.
        configuration: the trial's.
        numbers: those that its weights name.
    """
    if N_BEST not in configuration:
        return inputs
    known = set(numbers)
    columns = enumerate(places_of(inputs).values())
    order = sorted((not known.issuperset(own), i) for i, own in columns)
    return replace(inputs, ranking=tuple(i for _, i in order))


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the parameters themselves, before any row is read."""
    found = []
    for name, parameter in experiment.parameters.items():
        where = ("parameters", name)
        if is_used(name) and experiment.training.start_from is not None:
            rule = (
                f"weights to begin with see the inputs they were trained on, but `{name}` chooses."
            )
            found.append(Problem(where, rule, "Keep `start_from`, or it."))
        elif name.startswith(_PREFIX) and "." in name.removeprefix(_PREFIX):
            rule = f"a column that is taken or left has a name without dots, but got '{name}'."
            found.append(Problem(where, rule, "Rename the column in the source."))
        elif is_used(name) and any(step.is_repeated for step in _steps(experiment, name)):
            found.append(
                Problem(where, f"`{name}` is one value, and is not repeated.", "Drop `repeat:`.")
            )
        elif (wrong := _wrong(name, parameter)) is not None:
            rule, fix = "is true or false", "Write `choices: [true, false]`."
            if name == N_BEST:
                rule, fix = "is a whole number of columns, from 1", ""
            found.append(Problem(where, f"`{name}` {rule}, but got {wrong[0]!r:.60}.", fix))
    return found


def _steps(experiment: Experiment, name: str) -> list[Any]:
    return [step for step in experiment.space.steps if step.name == name]


def _wrong(name: str, parameter: Parameter) -> tuple[Any] | None:
    """Return the first value that a parameter of this name cannot take, if there is one."""
    if name == N_BEST:
        return next(((v,) for v in _ends(parameter) if type(v) is not int or v < 1), None)
    if name.startswith(_PREFIX):
        return next(((v,) for v in _ends(parameter) if not isinstance(v, bool)), None)
    return None


def _ends(parameter: Parameter) -> tuple[Any, ...]:
    if isinstance(parameter, Float | Int):
        return parameter.low, parameter.high
    if isinstance(parameter, Categorical):
        return parameter.choices
    return () if isinstance(parameter, Derived) else (parameter,)


def check(experiment: Experiment, inputs: Any) -> None:
    """Refuse parameters that do not fit a table's inputs, before any trial starts.

    Raises:
        DataError: rows are no list of numbers, or a column is not there.
    """
    names = [name for name in experiment.parameters if is_used(name)]
    if not names or experiment.objective.function is not None:
        return
    if (kind := _no_list(experiment.data, inputs)) is not None:
        rule = f"`{names[0]}` chooses among the numbers of a list, but rows are {kind}."
        found = [Problem(("parameters", names[0]), rule, "Remove it.")]
    else:
        found = [problem for name in names for problem in _misfits(experiment, name, inputs)]
    if found:
        raise DataError(without_credentials(experiment.data.source), found)


def _no_list(data: Data, inputs: Any) -> str | None:
    """Return what rows are where they are no list of numbers."""
    if not isinstance(inputs, np.ndarray):
        return "read word by word" if "words" in data.columns.values() else None
    shape = data.preprocess.shape or inputs.shape[1:]
    return None if len(shape) == 1 else f"of shape {list(shape)}"


def _misfits(experiment: Experiment, name: str, inputs: Any) -> list[Problem]:
    where = ("parameters", name)
    is_array = isinstance(inputs, np.ndarray)
    if name == N_BEST:
        n, most = inputs.shape[1], max(_ends(experiment.parameters[name]), default=1)
        rule = f"`{name}` is at most the number of columns, {n:,}, but got {most:,}."
        return [Problem(where, rule, f"Write {n:,} at most.")] if most > n else []
    column = name.removeprefix(_PREFIX)
    if is_array:
        rule = f"`{name}` takes or leaves a column by its name, but these rows have none."
        return [Problem(where, rule, f"Write `{N_BEST}` instead: how many are kept.")]
    if column in inputs.columns:
        return []
    rule = f"`{name}` takes or leaves an input, but there is no input '{column}'."
    return [Problem(where, rule, did_you_mean(column, list(inputs.columns)))]
