"""What is fitted to which columns of a table's inputs, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .development import Array
from .encoding.categories import Categories
from .encoding.channels import Channels
from .encoding.dates import Dates
from .encoding.numbers import Numbers
from .encoding.shapes import check_shape, refuse_columns
from .encoding.word_numbers import WordNumbers
from .encoding.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from ..spaces.experiment import Preprocess, Role

Encoder = Numbers | Categories | Dates | Words | WordNumbers | Channels
_ROLES = ("number", "date", "category", "text", "words")


@dataclass(frozen=True)
class Part:
    """Some columns and what is made of them; of inputs without names, all."""

    columns: tuple[str, ...]
    encoder: Encoder


def fitted(
    inputs: Array | pd.DataFrame, preprocess: Preprocess, roles: Mapping[str, Role]
) -> Iterator[Part]:
    """Yield what is fitted to some rows; for the arguments and errors see `Features.fit`."""
    if isinstance(inputs, np.ndarray):
        yield Part((), _of_array(inputs, preprocess))
    elif preprocess.shape is not None:
        raise refuse_columns(preprocess.shape)
    else:
        yield from _of_columns(inputs, preprocess, roles)


def _of_array(inputs: Array, preprocess: Preprocess) -> Encoder:
    row, shape, is_scaled = inputs.shape[1:], preprocess.shape, preprocess.scale == "standard"
    if shape is not None:
        check_shape(shape, row)
    if len(shape or row) > 1:
        return Channels.fit(inputs, is_scaled, shape)
    return Numbers.fit(inputs, is_scaled)


def _of_columns(
    inputs: pd.DataFrame, preprocess: Preprocess, roles: Mapping[str, Role]
) -> Iterator[Part]:
    is_scaled, by_role = preprocess.scale == "standard", _by_role(inputs, roles)
    if not by_role["words"]:
        _refuse_words(preprocess)
    if numbers := by_role["number"]:
        yield Part(numbers, Numbers.fit(inputs[list(numbers)].to_numpy(), is_scaled))
    if dates := by_role["date"]:
        yield Part(dates, Dates.fit(inputs[list(dates)]))
    for name in by_role["category"]:
        yield Part((name,), Categories.fit(inputs[name]))
    for name in by_role["text"]:
        yield Part((name,), Words.fit(inputs[name]))
    for name in by_role["words"]:
        texts = inputs[name]
        yield Part((name,), WordNumbers.fit(texts, preprocess.words, preprocess.vocabulary))


def _refuse_words(preprocess: Preprocess) -> None:
    """Refuse what is said of texts that are read word by word, where there is none."""
    for key in ("words", "vocabulary"):
        if getattr(preprocess, key) is not None:
            rule = (
                f"`preprocess: {{{key}: ...}}` is for text read word by word, but there is none."
            )
            raise InputError(rule, "Give a column the role `words`, or remove it.")


def _by_role(inputs: pd.DataFrame, roles: Mapping[str, Role]) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {role: [] for role in _ROLES}
    for name, dtype in inputs.dtypes.items():
        role = "category" if dtype == "category" else {"f": "number", "M": "date"}.get(dtype.kind)
        is_words = role is None and roles.get(str(name)) == "words"
        names[role or ("words" if is_words else "text")].append(str(name))
    return {role: tuple(of_role) for role, of_role in names.items()}
