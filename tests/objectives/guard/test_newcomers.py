"""New rows: read with the study's columns in the study's roles, whatever else their file has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.errors import GuardError, InputError
from truetune.objectives import sources
from truetune.objectives.development import Array, Description
from truetune.objectives.features import Features
from truetune.objectives.frames import frame as framed
from truetune.objectives.guard import sealing
from truetune.objectives.guard.content import Sealed
from truetune.objectives.guard.ledger import Ledger
from truetune.objectives.guard.newcomers import Newcomers, refuse_sealed
from truetune.objectives.guard.places import Places
from truetune.objectives.splits import split_rows
from truetune.spaces.experiment import Data, Preprocess

FACTS = Description("made up", 0, 2, 30, 10, 10, "", "")


def rows(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "code": rng.integers(0, 5, n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), unit="D"),
            "who": rng.integers(0, 9, n),
            "y": rng.choice(["no", "yes"], n),
        }
    )


def study(folder: Path, **data: Any) -> tuple[Data, Features]:
    """Return a study of 50 rows: what its file says, and what was fitted to its inputs."""
    rows(50).to_parquet(folder / "rows.parquet")
    said = Data(source=str(folder / "rows.parquet"), target="y", **data)
    return said, Features.fit(sources.load(said).inputs, Preprocess())


def read(folder: Path, new: pd.DataFrame, data: Data, features: Features, **facts: Any) -> Sealed:
    new.to_parquet(folder / "new.parquet")
    known = Description(**{**vars(FACTS), "classes": ("no", "yes"), **facts})
    return Newcomers(str(folder / "new.parquet"), data, features, known).read()


def test_columns_have_the_roles_they_had(tmp_path: Path) -> None:
    """Whatever a file of a few rows makes them look like."""
    said, features = study(
        tmp_path, columns={"code": "category", "who": "drop"}, split={"time": "none"}
    )
    new = rows(20, seed=1)
    new["size"] = new["size"].round().astype(int)
    new["day"] = new["day"].dt.strftime("%Y-%m-%d")
    found = read(tmp_path, new[["y", "day", "code", "size"]], said, features)
    assert isinstance(found.inputs, pd.DataFrame)
    kinds = {name: str(dtype)[:8] for name, dtype in found.inputs.dtypes.items()}
    assert kinds == {"day": "datetime", "code": "category", "size": "float64"}
    np.testing.assert_array_equal(found.targets, new["y"])
    whole = rows(20, seed=1).assign(size=new["size"].astype(float))
    whole["code"] = whole["code"].astype(str).astype("category")
    every = np.arange(20)
    np.testing.assert_array_equal(
        features.transform(found.inputs, every), features.transform(whole, every)
    )


def test_time_orders_new_rows_where_they_have_it(tmp_path: Path) -> None:
    said, features = study(tmp_path, split={"time": "day"})
    new = rows(27, seed=1)
    found = read(tmp_path, new, said, features)
    assert found.blocks_are == "time"
    np.testing.assert_array_equal(found.blocks, np.arange(27) // 3)
    without = read(tmp_path, new.drop(columns="day"), said, features)
    assert without.blocks_are == ""
    np.testing.assert_array_equal(without.blocks, np.arange(27))


def test_groups_go_together_where_new_rows_have_them(tmp_path: Path) -> None:
    said, features = study(tmp_path, split={"groups": "who", "time": "none"})
    new = rows(30, seed=1)
    found = read(tmp_path, new, said, features)
    assert found.blocks_are == "group"
    same = found.blocks[:, None] == found.blocks
    np.testing.assert_array_equal(same, new["who"].to_numpy()[:, None] == new["who"].to_numpy())
    assert read(tmp_path, new.drop(columns="who"), said, features).blocks_are == ""


def test_classes_of_text_stay_text_where_all_new_ones_are_digits(tmp_path: Path) -> None:
    said, features = study(tmp_path, split={"time": "none"})
    new = rows(20, seed=1).assign(y=np.arange(20) % 2)
    found = read(tmp_path, new, said, features, classes=("0", "1", "2x"))
    assert set(found.targets) == {"0", "1"}


def test_missing_column_is_named(tmp_path: Path) -> None:
    said, features = study(tmp_path, split={"time": "none"})
    with pytest.raises(InputError, match="there is no 'size'") as caught:
        read(tmp_path, rows(20).rename(columns={"size": "sizes"}), said, features)
    assert caught.value.fix == "Did you mean 'sizes'?"


def arrays(folder: Path, name: str, x: Array) -> str:
    np.savez(folder / name, x=x, y=np.arange(len(x)) % 2)
    return str(folder / name)


def test_arrays_have_the_studys_shape(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    said = Data(source=arrays(tmp_path, "rows.npz", rng.normal(size=(40, 4))))
    features = Features.fit(sources.load(said).inputs, Preprocess())
    known = Description(**{**vars(FACTS), "n_inputs": 4, "classes": (0, 1)})
    x = rng.normal(size=(20, 4))
    found = Newcomers(arrays(tmp_path, "new.npz", x), said, features, known).read()
    np.testing.assert_array_equal(found.inputs, x)
    wide = arrays(tmp_path, "wide.npz", rng.normal(size=(20, 5)))
    with pytest.raises(InputError, match="a row is 5 numbers, not 4"):
        Newcomers(wide, said, features, known).read()


def test_table_is_no_array_and_an_array_no_table(tmp_path: Path) -> None:
    said, features = study(tmp_path, split={"time": "none"})
    known = Description(**{**vars(FACTS), "classes": ("no", "yes")})
    new = arrays(tmp_path, "new.npz", np.zeros((20, 4)))
    unnamed = said.model_copy(update={"target": None})
    with pytest.raises(InputError, match="no columns with names"):
        Newcomers(new, unnamed, features, known).read()
    of_arrays = Features.fit(np.ones((9, 4)), Preprocess())
    with pytest.raises(InputError, match="they are a table"):
        Newcomers(said.source, said, of_arrays, known).read()


def sealed_set(folder: Path, places: Places) -> tuple[str, Sealed]:
    """Seal the test rows of a study; return the set's name and its rows."""
    said, _ = study(folder, columns={"day": "drop", "who": "drop"})
    table = sources.load(said)
    split = split_rows(table, said.split, "binary")
    seal = sealing.seal(table, split, said, "", places)
    return seal.id, sealing.open_rows(places, seal.id, seal.manifest_sha256)


def test_rows_that_another_study_has_sealed_are_refused(tmp_path: Path) -> None:
    places = Places(tmp_path / "vault")
    name, rows_of = sealed_set(tmp_path, places)
    with pytest.raises(GuardError, match="another study's") as caught:
        refuse_sealed(rows_of, "new.csv", "0" * 16, places)
    assert "10 of the 10 in new.csv" in caught.value.cause
    assert name in caught.value.cause


def test_sealed_rows_are_not_hidden_by_many_others(tmp_path: Path) -> None:
    """All of a sealed set among two hundred times as many rows."""
    places = Places(tmp_path / "vault")
    name, rows_of = sealed_set(tmp_path, places)
    assert isinstance(rows_of.inputs, pd.DataFrame)
    others = rows(2000, seed=1)
    inputs = pd.concat([rows_of.inputs, others[rows_of.inputs.columns].astype(float)])
    targets = np.concatenate([rows_of.targets, others["y"].to_numpy(object)])
    many = Sealed(inputs, targets, np.arange(len(inputs)), "")
    with pytest.raises(GuardError, match=r"10 of the 2,010 .* the study's test rows"):
        refuse_sealed(many, "new.csv", name, places)


def test_set_that_was_given_up_counts_no_more_but_for_its_own_study(tmp_path: Path) -> None:
    places = Places(tmp_path / "vault")
    name, rows_of = sealed_set(tmp_path, places)
    Ledger(places.ledger).append("retire", {"seal": name, "reason": "a test", "n_rows": 10})
    refuse_sealed(rows_of, "new.csv", "0" * 16, places)
    with pytest.raises(GuardError, match="the study's test rows"):
        refuse_sealed(rows_of, "new.csv", name, places)


def test_roles_are_what_a_frame_of_the_study_was_made_with(tmp_path: Path) -> None:
    """A frame made with the roles that features tell is the frame they were fitted to."""
    import pyarrow.parquet as pq

    said, features = study(tmp_path, columns={"code": "category"}, split={"time": "none"})
    again = said.model_copy(update={"columns": features.roles()})
    found = framed(pq.read_table(said.source), again)
    pd.testing.assert_frame_equal(found.inputs, sources.load(said).inputs)
