"""From a table's inputs to a network's: every column by what it is, one matrix in the end.

What was fitted is kept as JSON (`Features.to_json`), which reads back to the same bits and runs
no code.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..models.inputs import Inputs
from .development import Array
from .encoding.categories import Categories
from .encoding.channels import Channels
from .encoding.dates import Dates
from .encoding.numbers import Numbers
from .encoding.word_numbers import WordNumbers
from .encoding.words import Words
from .fitting import Encoder, Part, fitted

if TYPE_CHECKING:
    import pandas as pd

    from ..spaces.experiment import Preprocess, Role

VERSION = 1  # of the JSON
_ENCODERS: dict[str, type[Encoder]] = {
    "numbers": Numbers,
    "dates": Dates,
    "category": Categories,
    "text": Words,
    "words": WordNumbers,
    "channels": Channels,
}
_ROLES: dict[type[Encoder], Role] = {
    Numbers: "number",
    Dates: "date",
    Categories: "category",
    Words: "text",
    WordNumbers: "words",
}
_NO_ROWS = np.zeros(0, np.int64)
_CELLS_AT_ONCE = 16_000_000  # of a matrix in double precision, while it is made


@dataclass(frozen=True)
class Features:
    """What was fitted to some rows of a table's inputs."""

    parts: tuple[Part, ...]

    @classmethod
    def fit(
        cls,
        inputs: Array | pd.DataFrame,
        preprocess: Preprocess,
        roles: Mapping[str, Role] | None = None,
    ) -> Features:
        """Fit to these rows, and to no other.

        Args:
            inputs: the rows.
            preprocess: what the file says of scales, shapes and words.
            roles: what it says columns are. Only `words` counts, which is stored like `text`.

        Raises:
            InputError: a text column has no word, or a row cannot be given its shape.
        """
        return cls(tuple(fitted(inputs, preprocess, roles or {})))

    def transform(self, inputs: Array | pd.DataFrame, rows: Array) -> Array:
        """Return rows as a network takes them: float32 (rows, inputs), (rows, steps, features)
        or (rows, channels, height, width).

        Numbers come first, then dates, categories and text, each in the order of the columns.
        """
        if isinstance(self.parts[0].encoder, Channels):
            pictures: Array = self.parts[0].encoder.transform(take(inputs, rows))
            return pictures
        n_inputs = sum(block.shape[1] for block in self._blocks(take(inputs, rows[:1])))
        matrix = np.empty((len(rows), n_inputs), np.float32)
        at_once = max(1, _CELLS_AT_ONCE // n_inputs)
        for start in range(0, len(rows), at_once):
            end, column = start + at_once, 0
            for block in self._blocks(take(inputs, rows[start:end])):
                matrix[start:end, column : column + block.shape[1]] = block
                column += block.shape[1]
        return matrix

    def _blocks(self, inputs: Array | pd.DataFrame) -> Iterator[Array]:
        for part in self.parts:
            yield part.encoder.transform(_of_part(inputs, part))

    def n_inputs(self, inputs: Array | pd.DataFrame) -> int:
        """Return how many numbers a row becomes."""
        return int(np.prod(self.transform(inputs, np.zeros(1, np.int64)).shape[1:]))

    def roles(self) -> dict[str, Role]:
        """Return what each column is; nothing of inputs without names."""
        return {name: _ROLES[type(part.encoder)] for part in self.parts for name in part.columns}

    def origins(self, inputs: Array | pd.DataFrame) -> list[str]:
        """Return the column that each number of a row is made of, in their order; nothing of
        inputs without names."""
        return [
            name
            for part, width in zip(self.parts, self._widths(inputs), strict=True)
            for name in part.columns
            for _ in range(width // len(part.columns))
        ]

    def _widths(self, inputs: Array | pd.DataFrame) -> list[int]:
        return [block.shape[1] for block in self._blocks(take(inputs, _NO_ROWS))]

    def describe(self, inputs: Array | pd.DataFrame) -> Inputs:
        """Return what a row is to a network; of the rows themselves none is looked at."""
        encoders = [part.encoder for part in self.parts]
        blocks = itertools.pairwise(np.cumsum([0, *self._widths(inputs)]).tolist())
        pairs = list(zip(encoders, blocks, strict=True))
        return Inputs(
            shape=self.transform(inputs, _NO_ROWS).shape[1:],
            categories=tuple(block for e, block in pairs if isinstance(e, Categories)),
            n_words=next((e.n_words for e in encoders if isinstance(e, WordNumbers)), None),
            columns=tuple(self.origins(inputs)),
        )

    def to_json(self) -> str:
        names = {encoder: kind for kind, encoder in _ENCODERS.items()}
        parts = [
            {"kind": names[type(part.encoder)], "columns": part.columns, **asdict(part.encoder)}
            for part in self.parts
        ]
        return json.dumps({"version": VERSION, "parts": parts}, default=_as_list)

    @classmethod
    def from_json(cls, text: str) -> Features:
        """Return what `to_json` wrote. Raises ValueError for another version's."""
        content = json.loads(text)
        if content["version"] != VERSION:
            raise ValueError(f"features are of version {VERSION}, but got {content['version']}.")
        return cls(tuple(_part(**part) for part in content["parts"]))


def _part(kind: str, columns: list[str], **state: Any) -> Part:
    return Part(tuple(columns), _decoded(_ENCODERS[kind], state))


def _decoded(kind: type[Any], state: dict[str, Any]) -> Any:
    """Return an encoder; in its state a mapping is one within, a list of numbers an array."""
    values = {}
    for field in fields(kind):
        value = state.get(field.name, field.default)  # an older file has not every field
        if isinstance(value, dict):
            value = _decoded(Numbers, value)
        elif field.type == "Array":
            value = np.array(value, np.float64)
        elif field.name == "shape" and value is not None:
            value = tuple(value)
        values[field.name] = value
    return kind(**values)


def _as_list(value: Any) -> Any:
    return value.tolist()


def take(inputs: Array | pd.DataFrame, rows: Array) -> Any:
    """Return some rows of a table's inputs."""
    return inputs[rows] if isinstance(inputs, np.ndarray) else inputs.iloc[rows]


def _of_part(inputs: Any, part: Part) -> Any:
    if isinstance(inputs, np.ndarray):
        return inputs
    if isinstance(part.encoder, Categories | Words | WordNumbers):
        return inputs[part.columns[0]]
    frame = inputs[list(part.columns)]
    return frame if isinstance(part.encoder, Dates) else frame.to_numpy()
