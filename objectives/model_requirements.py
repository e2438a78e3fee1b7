"""What a file must agree on with the model it names, and with what the model reads."""

from __future__ import annotations

from typing import Any

from ..errors import InputError, did_you_mean
from ..models import ARCHITECTURES
from ..spaces import Experiment, Problem
from ..spaces.space import MODEL
from . import own_model
from .callables import is_callable
from .configurations import models_of
from .data_requirements import kind_of

_OF_PICTURES = ("resnet18",)  # the others that convolve read a list of numbers as a series
_OF_COLUMNS = ("built-in", "table", "database")  # whose rows are numbers in no order
_EMBEDDING = "embedding_size"
_OWN = "A model of your own is `./file.py:build` or `package.module:build`."


def problems(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with `model:`, or with the choice of one."""
    if MODEL in experiment.parameters:
        found = _choice_problems(experiment)
    elif is_callable(experiment.model.name):
        return own_model.problems(experiment)
    else:
        found = _fixed_problems(experiment)
    return found or [
        *_word_problems(experiment),
        *_embedding_problems(experiment),
        *_shape_problems(experiment),
    ]


def is_known(experiment: Experiment) -> bool:
    """Whether it can be told which parameters the models of an experiment have."""
    models = models_of(experiment)
    if set(models) <= ARCHITECTURES.keys():
        return True
    if models != (experiment.model.name,) or not is_callable(models[0]):
        return False
    try:
        own_model.signature_of(models[0])
    except InputError:
        return False
    return True


def owners(name: str) -> list[str]:
    """Return the models that have a parameter of this name."""
    return [model for model, known in ARCHITECTURES.items() if name in known.parameters]


def _fixed_problems(experiment: Experiment) -> list[Problem]:
    model = experiment.model
    if model.name not in ARCHITECTURES:
        return [_unknown(("model",), model.name)]
    known = ARCHITECTURES[model.name].parameters
    found = []
    for option, value in model.options.items():
        where = ("model", option)
        if option not in known:
            rule = f"the model '{model.name}' has no parameter '{option}'."
            found.append(Problem(where, rule, hint(option, known)))
        elif not known[option].admits(value):
            found.append(Problem(where, f"`{option}` is {known[option]}, but got {value!r}."))
    return found


def hint(name: str, known: Any) -> str:
    """Return whose parameter this is, or which of those that are known was meant."""
    if users := owners(name):
        return f"It is a parameter of {', '.join(users)}."
    return did_you_mean(name, known) if known else "Remove it."


def _choice_problems(experiment: Experiment) -> list[Problem]:
    where = ("parameters", MODEL)
    found = []
    if MODEL in experiment.model_fields_set:
        rule = "`model` varies here and is fixed under `model:`."
        found.append(Problem(where, rule, "Keep one of the two."))
    for name in models_of(experiment):
        if isinstance(name, str) and is_callable(name):
            rule = f"a model of your own is the same for all trials, but {name} is a choice here."
            fix = "Write it under `model:`, and search once for each of the others."
            found.append(Problem(where, rule, fix))
        elif name not in ARCHITECTURES:
            found.append(_unknown(where, name))
    return found


def _unknown(where: tuple[str, ...], name: object) -> Problem:
    rule = f"there is no model {str(name)!r}."
    if ".py" in str(name) or ":" in str(name):
        return Problem(where, rule, _OWN)
    return Problem(where, rule, did_you_mean(str(name), ARCHITECTURES))


def _word_problems(experiment: Experiment) -> list[Problem]:
    """Return the columns of words that a model would not read as words."""
    columns = [name for name, role in experiment.data.columns.items() if role == "words"]
    able = [name for name, known in ARCHITECTURES.items() if known.takes_words]
    unable = [name for name in models_of(experiment) if name not in able]
    if not columns or not unable:
        return []
    rule = f"'{columns[0]}' is read word by word, which {unable[0]} does not do."
    fix = f"Use {' or '.join(able)}, or write `{columns[0]}: text`, which counts the words."
    return [Problem(("data", "columns", columns[0]), rule, fix)]


def _embedding_problems(experiment: Experiment) -> list[Problem]:
    """Return a size of word vectors where there are no words."""
    if "words" in experiment.data.columns.values():
        return []
    readers = [name for name in models_of(experiment) if ARCHITECTURES[name].takes_words]
    names = {_EMBEDDING, *(f"{model}.{_EMBEDDING}" for model in readers)}
    places = [("parameters", name) for name in experiment.parameters if name in names]
    if _EMBEDDING in experiment.model.options:
        places.append(("model", _EMBEDDING))
    if not readers:
        return []
    rule = f"`{_EMBEDDING}` of {readers[0]} is how many numbers a word is, but no column is words."
    fix = "Remove it, or write `columns: {NAME: words}` under `data:`."
    return [Problem(place, rule, fix) for place in places]


def _shape_problems(experiment: Experiment) -> list[Problem]:
    """Return a model that takes pictures, where rows are known to be lists of numbers."""
    data = experiment.data
    strict = [name for name in models_of(experiment) if name in _OF_PICTURES]
    is_flat = len(data.preprocess.shape or ()) < 2 and kind_of(data.source) in _OF_COLUMNS
    if not strict or not is_flat:
        return []
    where = ("parameters", MODEL) if MODEL in experiment.parameters else ("model",)
    rule = f"{strict[0]} takes pictures, but a row here is a list of numbers."
    fix = "Write `preprocess: {shape: [1, 8, 8]}` if it is a picture's, or use another model."
    return [Problem(where, rule, fix)]
