"""What a file must agree on with the kind of source that its rows come from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import InputError, did_you_mean
from ..spaces import Experiment, Problem
from ..spaces.experiment import Data
from . import arrays, callables, locations, pictures, queries, sources, tables


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with `data:`; what the rows hold is for whoever reads them to say."""
    data = experiment.data
    kinds = [kind_of(source) for source in (data.source, data.test) if source is not None]
    if kinds[0] is None:
        error = sources.unknown(data.source)
        return [Problem(("data", "source"), error.cause, error.fix)]
    found = _misplaced(data, kinds[0])
    files = {"source": data.source, "test": data.test}
    if data.source.endswith(".npy"):
        files["target"] = data.target
    for key, source in files.items():
        if source is not None and (rule := _absent(source)):
            fix = "A path is relative to the file it is in."
            found.append(Problem(("data", key), rule, fix))
    if kinds[0] == "built-in":
        found += _built_in_problems(experiment)
    elif data.test is not None and kinds[1] != kinds[0]:
        shown = locations.without_credentials(data.test)
        rule = f"test rows are kept as the others are ({kinds[0]}), but got {shown}."
        found.append(Problem(("data", "test"), rule))
    if kinds[0] in ("table", "database") and data.target is None:
        name = Path(locations.without_credentials(data.source)).name
        rule = f"which column of {name} is to be predicted is not said."
        found.append(Problem(("data",), rule, "Add `target:`."))
    if kinds[0] == "database" and data.query is None:
        found.append(Problem(("data",), "what to select is not said.", "Add `query:`."))
    return found


def kind_of(source: str) -> str | None:
    """Return which kind of source an address is, None of one that is none."""
    if sources.built_in_name(source) is not None:
        return "built-in"
    kinds = {
        "function": callables.is_callable,
        "database": queries.is_database,
        "table": tables.is_table,
        "arrays": arrays.is_arrays,
        "pictures": pictures.is_pictures,
    }
    return next((kind for kind, is_it in kinds.items() if is_it(source)), None)


def _absent(source: str) -> str | None:
    """Return what is not there of a source that lies on this machine."""
    if callables.is_callable(source):
        try:
            callables.where(source)
        except InputError as error:
            return error.cause
    elif (tables.is_table(source) or arrays.is_arrays(source)) and not locations.is_url(source):
        return None if os.path.isfile(source) else f"there is no file {source}."
    return None


# Which kinds of source a key speaks of.
_USERS = {
    ("query",): ("database",),
    ("target",): ("built-in", "table", "arrays", "database", "function"),
    ("columns",): ("table", "database", "function"),
    ("allow",): ("table", "database", "function"),
    ("split", "groups"): ("table", "database", "function"),
    ("split", "by_time"): ("table", "database", "function"),
    ("preprocess", "size"): ("pictures",),
    ("preprocess", "shape"): ("built-in", "arrays", "function"),
    ("preprocess", "words"): ("table", "database", "function"),
    ("preprocess", "vocabulary"): ("table", "database", "function"),
    ("test",): ("table", "arrays", "pictures"),
}


def _misplaced(data: Data, kind: str) -> list[Problem]:
    """Return keys that say nothing of this kind of source."""
    found = []
    for path, users in _USERS.items():
        value: Any = data
        for key in path:
            value = getattr(value, key)
        if value and kind not in users:
            name = path[-1].removeprefix("by_")
            where = ("data", *path[:-1], name)
            shown = locations.without_credentials(data.source)
            rule = f"`{name}:` is for a source of another kind than {shown}"
            found.append(Problem(where, f"{rule} ({' or '.join(users)}).", "Remove it."))
    return found


def _built_in_problems(experiment: Experiment) -> list[Problem]:
    data = experiment.data
    kind = sources.BUILT_IN[data.source.removeprefix(sources.PREFIX)]
    found = []
    targets = sources.TARGET_NAMES[kind]
    if data.target is not None and data.target not in targets:
        rule = f"{data.source} has no target '{data.target}'."
        found.append(Problem(("data", "target"), rule, did_you_mean(data.target, targets)))
    if (kind == "numbers") != (experiment.task == "regression"):
        fits = "regression" if kind == "numbers" else "classification"
        rule = f"the target of {data.source} is made of {kind}, but got task: {experiment.task}."
        found.append(Problem(("task",), rule, f"Write `task: {fits}`."))
    if kind == "numbers" and data.split.stratify:
        rule = "`stratify: true` takes classes, but the target is made of numbers."
        found.append(Problem(("data", "split", "stratify"), rule, "Remove it."))
    return found
