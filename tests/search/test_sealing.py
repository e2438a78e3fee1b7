"""`tune seal`: the test rows of a file's split, or of data's, ahead of any search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from truetune.errors import GuardError, InputError
from truetune.objectives.guard.ledger import Ledger
from truetune.objectives.guard.places import Places
from truetune.search.sealing import seal


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).round(5)
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(y=np.where(x[:, 0] > 0, "yes", "no"))
    frame.to_csv(tmp_path / "rows.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rows.csv"


def space(rows: Path) -> str:
    path = rows.with_name("space.yaml")
    path.write_text(
        "data: {source: ./rows.csv, target: y}\ntask: binary\n"
        "parameters: {learning_rate: {type: float, low: 0.001, high: 0.1}}\n"
    )
    return str(path)


def test_rows_of_a_file_and_of_its_data_are_the_same_set(rows: Path) -> None:
    of_file = seal(space(rows), {}, None, None)
    of_data = seal(str(rows), {}, "y", None)
    assert of_file.seal.id == of_data.seal.id
    assert (of_file.seal.n_rows, of_file.description.n_train) == (40, 120)
    assert not rows.with_name("rows.yaml").exists()  # no draft is left behind


def test_report_says_what_was_sealed(rows: Path) -> None:
    report = seal(space(rows), {}, None, None)
    assert report.to_text().startswith("40 test rows of ")
    assert "Nobody has looked yet." in report.to_text()
    assert f"tune search {space(rows)}" in report.to_text()
    told = report.to_json()
    assert (told["id"], told["rows"]["test"], told["n_looks"]) == (report.seal.id, 40, 0)


def test_overrides_are_the_files(rows: Path) -> None:
    assert seal(space(rows), {"data.split.test": 0.5}, None, None).seal.n_rows == 100


def test_set_is_given_up_with_a_reason_and_not_without(rows: Path) -> None:
    first = seal(space(rows), {}, None, None)
    with pytest.raises(GuardError, match="are not trained on"):
        seal(space(rows), {"data.split.seed": 1}, None, None)
    seal(space(rows), {"data.split.seed": 1}, None, "a wrong split")
    (entry,) = Ledger(Places.here().ledger).entries()
    assert (entry.content["seal"], entry.content["reason"]) == (first.seal.id, "a wrong split")


def test_target_of_a_file_is_a_mistake(rows: Path) -> None:
    with pytest.raises(InputError, match="--target names a column of data"):
        seal(space(rows), {}, "y", None)


def test_vault_beside_the_rows_is_refused(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(rows.parent))
    with pytest.raises(GuardError, match="lies outside"):
        seal(space(rows), {}, None, None)
