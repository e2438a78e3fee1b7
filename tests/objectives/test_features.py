"""Features: columns in their order, fitted to training rows alone, and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from truetune.errors import InputError
from truetune.models.inputs import Inputs
from truetune.objectives import features
from truetune.objectives.development import Array
from truetune.objectives.encoding.dates import Dates
from truetune.objectives.encoding.word_numbers import WordNumbers
from truetune.objectives.features import Features, take
from truetune.spaces.experiment import Preprocess

N = 60
TRAIN, OTHERS = np.arange(0, 40), np.arange(40, N)
EVERY = np.arange(N)
SCALED, UNSCALED = Preprocess(), Preprocess(scale="none")
WORDS = np.array(["cat", "dog", "hat", "the", "sat", "mat", "rat"])


def numbers(n: int = N) -> Array:
    rng = np.random.default_rng(0)
    return np.where(rng.random((n, 3)) < 0.2, np.nan, rng.normal(3, 2, (n, 3)))


def pictures(n: int = N, kind: type = np.uint8) -> Array:
    return np.random.default_rng(1).integers(0, 256, size=(n, 3, 4, 4)).astype(kind)


def frame(n: int = N) -> pd.DataFrame:
    """A column or two of every role, in no order, some of it missing."""
    rng = np.random.default_rng(2)
    a, b, _ = numbers(n).T
    days = np.datetime64("2020-02-27", "s") + rng.integers(0, 9e7, size=(2, n))
    days[0, 3] = np.datetime64("NaT")
    codes = rng.integers(-1, 5, size=(2, n))
    texts = [" ".join(rng.choice(WORDS, 5)) for _ in range(n)]
    texts[7:9] = "", None
    return pd.DataFrame(
        {
            "note": pd.Series(texts, dtype="str"),
            "colour": pd.Categorical.from_codes(codes[0], ["blue", "green", "red", "tan", "x"]),
            "a": a,
            "born": days[0],
            "b": b,
            "size": pd.Categorical.from_codes(codes[1], ["1", "10", "2", "3", "4"]),
            "died": days[1],
            "other": pd.Series(texts[::-1], dtype="str"),
        }
    )


INPUTS: dict[str, Callable[[], Any]] = {
    "numbers": numbers,
    "pictures": pictures,
    "frame": frame,
}


def fitted(inputs: Any, rows: Array = TRAIN, is_scaled: bool = True) -> Features:
    return Features.fit(take(inputs, rows), SCALED if is_scaled else UNSCALED)


@pytest.fixture(params=INPUTS)
def inputs(request: pytest.FixtureRequest) -> Any:
    return INPUTS[request.param]()


@pytest.mark.parametrize("is_scaled", [True, False])
def test_matrix_is_what_scikit_learn_makes_of_each_column(is_scaled: bool) -> None:
    inputs = frame()
    train = inputs.iloc[TRAIN]
    median = SimpleImputer(strategy="median", keep_empty_features=True)
    blocks = [
        make_pipeline(median, StandardScaler()) if is_scaled else make_pipeline(median),
        Dates.fit(train[["born", "died"]]),
        *(
            OneHotEncoder(
                handle_unknown="infrequent_if_exist", max_categories=100, sparse_output=False
            )
            for _ in range(2)
        ),
        *(TfidfVectorizer(max_features=1000) for _ in range(2)),
    ]
    objects = inputs[["colour", "size"]].astype(object).where(inputs.notna(), None)
    columns: list[Any] = [
        inputs[["a", "b"]].to_numpy(),
        inputs[["born", "died"]],
        objects[["colour"]].to_numpy(),
        objects[["size"]].to_numpy(),
        inputs["note"].fillna(""),
        inputs["other"].fillna(""),
    ]
    expected = []
    for block, column in zip(blocks, columns, strict=True):
        made_of = block if isinstance(block, Dates) else block.fit(column[TRAIN])
        made = made_of.transform(column)
        expected.append(made.toarray() if hasattr(made, "toarray") else made)
    matrix = fitted(inputs, is_scaled=is_scaled).transform(inputs, EVERY)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, np.hstack(expected).astype(np.float32))


def test_numbers_come_first_then_dates_categories_and_text_in_their_order() -> None:
    columns = [part.columns for part in fitted(frame()).parts]
    assert columns == [("a", "b"), ("born", "died"), ("colour",), ("size",), ("note",), ("other",)]


def test_array_of_numbers_is_what_scikit_learn_makes_of_it() -> None:
    inputs = numbers()
    reference = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    expected = reference.fit(inputs[TRAIN]).transform(inputs).astype(np.float32)
    np.testing.assert_array_equal(fitted(inputs).transform(inputs, EVERY), expected)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_pictures_keep_their_shape(kind: type) -> None:
    inputs = pictures(kind=kind)
    made = fitted(inputs).transform(inputs, OTHERS)
    mean = inputs[TRAIN].astype(np.float64).mean(axis=(0, 2, 3), keepdims=True)
    scale = inputs[TRAIN].astype(np.float64).std(axis=(0, 2, 3), keepdims=True)
    np.testing.assert_allclose(made, (inputs[OTHERS] - mean) / scale, rtol=1e-5, atol=1e-6)
    assert (made.dtype, made.shape) == (np.float32, (20, 3, 4, 4))


def test_rows_come_in_the_order_that_is_asked_for(inputs: Any) -> None:
    made, order = fitted(inputs), np.array([5, 59, 0, 5])
    expected = made.transform(inputs, EVERY)[order]
    np.testing.assert_array_equal(made.transform(inputs, order), expected)


def test_no_rows_have_the_same_inputs(inputs: Any) -> None:
    made = fitted(inputs)
    shape = made.transform(inputs, EVERY).shape
    assert made.transform(inputs, EVERY[:0]).shape == (0, *shape[1:])
    assert made.n_inputs(inputs) == np.prod(shape[1:])


@pytest.mark.parametrize("n_cells", [1, 100, 1000])
def test_rows_taken_a_few_at_a_time_are_the_same_bits(
    inputs: Any, n_cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fitted(inputs)
    whole = made.transform(inputs, EVERY)
    monkeypatch.setattr(features, "_CELLS_AT_ONCE", n_cells)
    assert made.transform(inputs, EVERY).tobytes() == whole.tobytes()


def test_inputs_are_left_as_they_were(inputs: Any) -> None:
    before = inputs.copy()
    fitted(inputs).transform(inputs, EVERY)
    if isinstance(inputs, pd.DataFrame):
        pd.testing.assert_frame_equal(inputs, before)
    else:
        assert inputs.tobytes() == before.tobytes()


def empty() -> pd.DataFrame:
    """Columns that no training row has a value of, but for the texts."""
    columns = frame()
    columns.loc[TRAIN, ["a", "born", "colour"]] = None
    return columns


def test_column_that_no_training_row_has_a_value_of_stays_an_input() -> None:
    inputs = empty()
    made = fitted(inputs)
    matrix = made.transform(inputs, EVERY)
    assert made.parts[2].encoder == features.Categories([], True, False)
    np.testing.assert_array_equal(matrix[TRAIN, 0], 0)
    np.testing.assert_array_equal(matrix[TRAIN, 2:9], 0)
    assert np.isfinite(matrix).all()
    assert matrix.shape[1] == 2 + 14 + 1 + 6 + 7 + 7


def test_column_of_text_without_words_in_training_is_refused() -> None:
    inputs = frame()
    inputs.loc[TRAIN, "note"] = "?"
    with pytest.raises(InputError, match="but 'note' has none"):
        fitted(inputs)


# Rows that are given a shape.


def shaped(*shape: int, scale: Any = "standard") -> Preprocess:
    return Preprocess(scale=scale, shape=shape)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (2, 3, 4), (24, 1)])
@pytest.mark.parametrize("is_scaled", [True, False])
def test_rows_of_a_shape_are_as_if_they_had_been_stored_so(
    shape: tuple[int, ...], is_scaled: bool
) -> None:
    scale = "standard" if is_scaled else "none"
    flat = np.random.default_rng(3).normal(5, 2, (N, 24))
    flat[3, 5] = np.nan
    stored = flat.reshape(N, *shape)
    made = Features.fit(flat[TRAIN], shaped(*shape, scale=scale))
    found, expected = made.transform(flat, EVERY), fitted(stored, is_scaled=is_scaled)
    assert found.tobytes() == expected.transform(stored, EVERY).tobytes()
    assert (found.dtype, found.shape) == (np.float32, (N, *shape))
    assert made.n_inputs(flat) == 24
    again = Features.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    assert again.transform(flat, EVERY).tobytes() == found.tobytes()


def test_channels_of_a_shape_are_standardised_each_for_itself() -> None:
    flat = np.random.default_rng(3).normal(np.repeat([0, 50], 12), 2, (N, 24))
    made = Features.fit(flat[TRAIN], shaped(2, 3, 4)).transform(flat, TRAIN)
    np.testing.assert_allclose(made.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(made.std(axis=(0, 2, 3)), 1, rtol=1e-6)
    one = Features.fit(flat[TRAIN], shaped(6, 4)).transform(flat, TRAIN)
    assert abs(one[:, :3].mean()) > 0.5
    np.testing.assert_allclose([one.mean(), one.std()], [0, 1], atol=1e-6)


def test_shape_that_rows_have_already_changes_nothing() -> None:
    made = Features.fit(numbers()[TRAIN], shaped(3))
    assert made.to_json() == fitted(numbers()).to_json()


def test_channels_kept_before_rows_could_have_a_shape_are_read() -> None:
    made = fitted(pictures())
    content = json.loads(made.to_json())
    assert content["parts"][0].pop("shape") is None
    again = Features.from_json(json.dumps(content))
    assert again.to_json() == made.to_json()


@pytest.mark.parametrize("inputs", [numbers(), pictures()])
def test_shape_of_another_number_is_refused(inputs: Array) -> None:
    with pytest.raises(InputError, match="holds 56 numbers"):
        Features.fit(inputs, shaped(7, 8))


def test_columns_with_names_have_no_shape() -> None:
    with pytest.raises(InputError, match="these have columns with names"):
        Features.fit(frame(), shaped(7, 8))


# Text that is read word by word.


def texts() -> pd.DataFrame:
    return frame()[["note"]]


def of_words(inputs: pd.DataFrame | None = None, **said: Any) -> Features:
    inputs = texts() if inputs is None else inputs
    return Features.fit(inputs.iloc[TRAIN], Preprocess(**said), {"note": "words"})


@pytest.mark.parametrize("said", [{}, {"words": 3}, {"vocabulary": 4, "words": 7}])
def test_words_are_what_their_encoder_makes_of_the_training_rows(said: dict[str, int]) -> None:
    train = texts()["note"].iloc[TRAIN]
    expected = WordNumbers.fit(train, said.get("words"), said.get("vocabulary"))
    made = of_words(**said)
    np.testing.assert_array_equal(
        made.transform(texts(), EVERY), expected.transform(texts()["note"])
    )
    assert made.roles() == {"note": "words"}
    assert Features.from_json(made.to_json()).to_json() == made.to_json()


def test_words_of_other_rows_are_not_known() -> None:
    changed = spoilt(frame(), OTHERS)[["note"]]
    before, after = of_words(), of_words(changed)
    assert before.to_json() == after.to_json()
    assert set(after.transform(changed, OTHERS).flat) == {0.0, 1.0}


@pytest.mark.parametrize("said", [{"words": 5}, {"vocabulary": 5}])
def test_words_are_not_counted_where_no_column_has_any(said: dict[str, int]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(said))}: .* but there is none"):
        Features.fit(frame(), Preprocess(**said))


# What a row is to a network.


def test_inputs_say_where_the_levels_of_a_category_stand() -> None:
    whole = frame()
    made = fitted(whole)
    described, matrix = made.describe(whole), made.transform(whole, EVERY)
    names = np.array(described.columns)
    assert list(described.columns) == made.origins(whole)
    for name, (first, end) in zip(("colour", "size"), described.categories, strict=True):
        assert np.flatnonzero(names == name).tolist() == list(range(first, end))
        ones = matrix[TRAIN, first:end]
        assert set(np.unique(ones)) == {0.0, 1.0}
        assert (ones.sum(axis=1) == 1).all()
        codes = whole[name].cat.codes.to_numpy()[TRAIN]
        assert len(set(zip(codes, ones.argmax(axis=1), strict=True))) == end - first
    assert described.shape == matrix.shape[1:]
    assert (described.n_words, described.ranking) == (None, ())


@pytest.mark.parametrize("made", [numbers, pictures])
def test_inputs_without_names_are_of_a_shape_only(made: Callable[[], Any]) -> None:
    inputs = made()
    assert fitted(inputs).describe(inputs) == Inputs(inputs.shape[1:])


def test_inputs_of_words_say_how_many_numbers_a_word_can_have() -> None:
    made = of_words(words=3, vocabulary=4)
    assert made.describe(texts()) == Inputs((3,), n_words=6, columns=("note",) * 3)
    assert made.transform(texts(), EVERY).max() == 5


# As JSON.


@pytest.mark.parametrize("is_scaled", [True, False])
def test_json_reads_back_to_the_same_bits(inputs: Any, is_scaled: bool) -> None:
    made = fitted(inputs, is_scaled=is_scaled)
    again = Features.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    before, after = (one.transform(inputs, EVERY) for one in (made, again))
    assert before.tobytes() == after.tobytes()
    assert before.shape == after.shape


def test_json_names_the_version_and_every_column() -> None:
    content = json.loads(fitted(frame()).to_json())
    assert content["version"] == features.VERSION
    kinds = [(part["kind"], part["columns"]) for part in content["parts"]]
    assert kinds == [
        ("numbers", ["a", "b"]),
        ("dates", ["born", "died"]),
        ("category", ["colour"]),
        ("category", ["size"]),
        ("text", ["note"]),
        ("text", ["other"]),
    ]


@pytest.mark.parametrize("made", [numbers, pictures, frame, empty])
def test_json_is_json_everywhere(made: Callable[[], Any]) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(fitted(made()).to_json(), parse_constant=refuse)


def test_channel_that_is_missing_throughout_is_json() -> None:
    inputs = pictures(kind=np.float64)
    inputs[:, 1] = np.nan
    assert "NaN" not in fitted(inputs).to_json()


def test_another_versions_json_is_refused() -> None:
    text = fitted(numbers()).to_json().replace('"version": 1', '"version": 2')
    with pytest.raises(ValueError, match="of version 1, but got 2"):
        Features.from_json(text)


# Rows that do not train decide nothing: the guard's first rule.


def spoilt(inputs: Any, rows: Array) -> Any:
    """Replace rows by what would show in every mean, median, level, word and date."""
    changed = inputs.copy()
    if not isinstance(changed, pd.DataFrame):
        changed[rows] = 255 if changed.dtype == np.uint8 else 1e12
        return changed
    changed.loc[rows, ["a", "b"]] = 1e12
    changed.loc[rows, ["born", "died"]] = pd.Timestamp("2199-12-31 23:59")
    changed.loc[rows, ["note", "other"]] = "zebra zebra aardvark"
    for name in ("colour", "size"):
        values = changed[name].astype(object)
        values.loc[rows] = [f"A new level {i}" for i in range(len(rows))]
        changed[name] = pd.Categorical(values)
    return changed


@pytest.mark.parametrize("is_scaled", [True, False])
def test_no_other_row_moves_what_is_fitted(inputs: Any, is_scaled: bool) -> None:
    changed = spoilt(inputs, OTHERS)
    before, after = (fitted(rows, is_scaled=is_scaled) for rows in (inputs, changed))
    assert before.to_json() == after.to_json()
    trained = [before.transform(inputs, TRAIN), after.transform(changed, TRAIN)]
    assert trained[0].tobytes() == trained[1].tobytes()
    others = [before.transform(inputs, OTHERS), after.transform(changed, OTHERS)]
    assert others[0].tobytes() != others[1].tobytes()


@pytest.mark.parametrize("row", [0, 17, 39])
def test_each_training_row_moves_what_is_fitted(inputs: Any, row: int) -> None:
    changed = spoilt(inputs, np.array([row]))
    assert fitted(inputs).to_json() != fitted(changed).to_json()


@pytest.mark.parametrize("column", frame().columns)
def test_each_column_of_a_training_row_moves_what_is_fitted(column: str) -> None:
    inputs = frame()
    changed = inputs.assign(**{column: spoilt(inputs, TRAIN[5:6])[column]})
    before, after = (json.loads(fitted(rows).to_json())["parts"] for rows in (inputs, changed))
    differing = [a["columns"] for a, b in zip(before, after, strict=True) if a != b]
    assert len(differing) == 1
    assert column in differing[0]


def test_each_input_is_traced_to_its_column() -> None:
    """By filling a column with missing values: what changes was made of it."""
    whole = frame()
    of_frame = fitted(whole)
    before, origins = of_frame.transform(whole, EVERY), of_frame.origins(whole)
    assert len(origins) == before.shape[1]
    for name in whole.columns:
        emptied = whole.assign(**{name: pd.Series([None] * N, dtype=whole[name].dtype)})
        changed = (of_frame.transform(emptied, EVERY) != before).any(axis=0)
        assert {origin for origin, is_so in zip(origins, changed, strict=True) if is_so} == {name}
    assert fitted(pictures()).origins(pictures()) == []


def test_roles_are_those_of_the_columns() -> None:
    number, date, category, text = "number", "date", "category", "text"
    assert fitted(frame()).roles() == {
        "a": number,
        "b": number,
        "born": date,
        "died": date,
        "colour": category,
        "size": category,
        "note": text,
        "other": text,
    }
    assert fitted(numbers()).roles() == {}
