"""Sealing: test rows into the vault, and what happens to rows that come by again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.errors import GuardError, StorageError
from truetune.objectives import sources
from truetune.objectives.development import Development, Seal
from truetune.objectives.features import take
from truetune.objectives.guard import keys, sealing
from truetune.objectives.guard.ledger import Ledger
from truetune.objectives.guard.places import Places
from truetune.objectives.preparation import develop
from truetune.objectives.splits import split_rows
from truetune.spaces import Experiment, load

ROOT = Path(__file__).resolve().parents[3]
N = 200


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x, town = rng.normal(size=(N, 2)).round(4), rng.choice(["Oslo", "Bergen"], N)
    y = np.where(x[:, 0] + rng.normal(size=N) > 0, "yes", "no")
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "town": town, "y": y})


def experiment(frame: pd.DataFrame, folder: Path, **over: Any) -> Experiment:
    path = folder / "rows.csv"
    frame.to_csv(path, index=False)
    settings = {"data.source": str(path), "data.target": "y", "task": "binary"} | over
    return load(ROOT / "tests" / "flat.yaml", settings)


@pytest.fixture
def sealed(frame: pd.DataFrame, tmp_path: Path) -> Development:
    return develop(experiment(frame, tmp_path), Places.here())


def seal_of(development: Development) -> Seal:
    assert development.seal is not None
    return development.seal


def look(seal: str, number: int = 1) -> None:
    content = {"number": number, "seal": seal, "study": "s", "trial": 0, "identity": "i"}
    Ledger(Places.here().ledger).append("look", content | {"n_rows": 40, "reason": ""})


def test_sealed_rows_are_the_splits_test_rows(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    named = experiment(frame, tmp_path)
    table = sources.load(named.data)
    rows = split_rows(table, named.data.split, named.task)
    seal = seal_of(sealed)
    opened = sealing.open_rows(Places.here(), seal.id, seal.manifest_sha256)
    assert (seal.n_rows, seal.n_looks, len(opened)) == (40, 0, len(rows.test))
    np.testing.assert_array_equal(opened.targets, table.targets[rows.test])
    expected = take(table.inputs, rows.test).reset_index(drop=True)
    pd.testing.assert_frame_equal(opened.inputs, expected, check_categorical=False)


def test_nothing_in_the_vault_can_be_read_without_its_key(
    sealed: Development, frame: pd.DataFrame, vault: Path
) -> None:
    content = b"".join(path.read_bytes() for path in vault.rglob("*") if path.is_file())
    for word in [b"Oslo", b"Bergen", b"yes", *(str(a).encode() for a in frame["a"])]:
        assert word not in content
    assert {path.stat().st_mode & 0o077 for path in vault.rglob("*")} == {0}


def test_same_rows_are_the_same_set_in_any_order(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path, vault: Path
) -> None:
    # The split draws by place, so rows are kept in place by a file of test rows.
    named = experiment(frame, tmp_path)
    test = split_rows(sources.load(named.data), named.data.split, named.task).test
    other = tmp_path / "other"
    other.mkdir()
    frame.iloc[test[::-1]].to_csv(other / "test.csv", index=False)
    over = {"data.test": str(other / "test.csv")}
    again = develop(experiment(frame.drop(index=test), other, **over), Places.here())
    assert seal_of(again).id == seal_of(sealed).id
    assert len(list((vault / "vault").iterdir())) == 1


def test_sealing_again_changes_no_file(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path, vault: Path
) -> None:
    before = {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    assert seal_of(develop(experiment(frame, tmp_path), Places.here())) == seal_of(sealed)
    assert {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()} == before


def test_without_a_vault_nothing_is_sealed(
    frame: pd.DataFrame, tmp_path: Path, vault: Path
) -> None:
    assert develop(experiment(frame, tmp_path)).seal is None
    assert not vault.exists()


def test_manifest_holds_no_value_and_no_statistic(sealed: Development) -> None:
    manifest = sealing.check(Places.here(), seal_of(sealed).id)
    assert manifest.columns == {
        "a": "float64",
        "b": "float64",
        "town": "category",
        "targets": "object",
    }
    assert set(vars(manifest)) == {
        "seal", "n_rows", "columns", "source", "split", "split_sha256", "blocks", "canary",
        "created", "rows_sha256", "codes_sha256", "version",
    }  # fmt: skip


# Rows that come by again


def test_sealed_rows_are_not_trained_on_later(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fresh = frame.assign(a=frame["a"] + 100)  # next week's
    named = experiment(frame, tmp_path)
    test = split_rows(sources.load(named.data), named.data.split, named.task).test
    with pytest.raises(GuardError, match=f"but 3. of the {len(test)} that were sealed") as caught:
        develop(experiment(pd.concat([fresh, frame.iloc[test]]), tmp_path), Places.here())
    assert "--retire" in caught.value.fix


@pytest.mark.parametrize("over", [{"data.split.seed": 1}, {"data.split.test": 0.5}])
def test_another_split_of_the_same_rows_is_refused_where_test_rows_would_train(
    over: dict[str, Any], sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    if over == {"data.split.test": 0.5}:  # the larger test part may well hold the smaller
        frame = frame.iloc[::-1]
    with pytest.raises(GuardError, match="are not trained on"):
        develop(experiment(frame, tmp_path, **over), Places.here())


def test_another_validation_share_is_no_other_test_set(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    other = develop(experiment(frame, tmp_path, **{"data.split.validation": 0.4}), Places.here())
    assert seal_of(other).id == seal_of(sealed).id


def test_fresh_rows_are_trained_on_beside_a_sealed_set(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fresh = frame.assign(a=frame["a"] + 100)
    other = develop(experiment(fresh, tmp_path), Places.here())
    assert seal_of(other).id != seal_of(sealed).id


def test_retired_set_may_be_trained_on_and_the_ledger_says_why(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    named = experiment(frame, tmp_path, **{"data.split.seed": 1})
    develop(named, Places.here(), retire="the split was wrong")
    (entry,) = Ledger(Places.here().ledger).entries()
    assert (entry.kind, entry.content["seal"]) == ("retire", seal_of(sealed).id)
    assert entry.content["reason"] == "the split was wrong"
    develop(named, Places.here())  # and again, without a word


def test_looks_count_for_every_set_with_a_tenth_of_the_rows(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    named = experiment(frame, tmp_path)
    test = split_rows(sources.load(named.data), named.data.split, named.task).test
    look(seal_of(sealed).id)
    fresh = frame.assign(a=frame["a"] + 100)
    for kept, n_fresh, n_looks in ((40, 0, 1), (39, 0, 1), (20, 0, 1), (5, 30, 1), (3, 37, 0)):
        other = tmp_path / f"{kept}-{n_fresh}"
        other.mkdir()
        rows = pd.concat([frame.iloc[test[:kept]], fresh.iloc[:n_fresh]])
        rows.to_csv(other / "test.csv", index=False)
        over = {"data.test": str(other / "test.csv")}
        again = develop(experiment(fresh.iloc[50:], other, **over), Places.here())
        assert seal_of(again).n_looks == n_looks, (kept, n_fresh)


def test_a_column_more_or_less_hides_no_look(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path
) -> None:
    look(seal_of(sealed).id)
    other = frame.assign(ratio=frame["a"] / frame["b"]).drop(columns="town")
    again = seal_of(develop(experiment(other, tmp_path), Places.here()))
    assert (again.id != seal_of(sealed).id, again.n_looks) == (True, 1)


# A vault that is not as it was left


@pytest.mark.parametrize("file", ["manifest.json", "rows.sealed", "codes.npy", "names.txt"])
@pytest.mark.parametrize("damage", ["a byte changed", "cut", "gone"])
def test_whatever_is_changed_in_a_set_is_noticed(
    file: str, damage: str, sealed: Development, vault: Path
) -> None:
    seal = seal_of(sealed)
    path = vault / "vault" / seal.id / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "a byte changed" else content[:-1])
    with pytest.raises(GuardError, match="as they were sealed") as caught:
        sealing.open_rows(Places.here(), seal.id, seal.manifest_sha256)
    assert "backup" in caught.value.fix


def test_manifest_rewritten_to_fit_is_not_the_studys(sealed: Development, vault: Path) -> None:
    from dataclasses import replace

    seal = seal_of(sealed)
    path = vault / "vault" / seal.id / "manifest.json"
    path.write_bytes(replace(sealing.check(Places.here(), seal.id), n_rows=39).to_bytes())
    with pytest.raises(GuardError, match="the study began with another"):
        sealing.open_rows(Places.here(), seal.id, seal.manifest_sha256)
    rewritten = sealing.check(Places.here(), seal.id).sha256
    with pytest.raises(GuardError, match="does not open with this key and label"):
        sealing.open_rows(Places.here(), seal.id, rewritten)


def test_set_under_another_sets_name_is_noticed(sealed: Development, vault: Path) -> None:
    (vault / "vault" / seal_of(sealed).id).rename(vault / "vault" / "0123456789abcdef")
    with pytest.raises(GuardError, match="it is of another set"):
        sealing.check(Places.here(), "0123456789abcdef")


def test_set_does_not_open_with_another_machines_key(sealed: Development, vault: Path) -> None:
    (vault / "key").write_bytes(bytes(keys.N_BYTES))
    seal = seal_of(sealed)
    with pytest.raises(GuardError, match="does not open with this key"):
        sealing.open_rows(Places.here(), seal.id, seal.manifest_sha256)


def test_sealing_after_the_key_was_lost_is_refused(
    sealed: Development, frame: pd.DataFrame, tmp_path: Path, vault: Path
) -> None:
    (vault / "key").unlink()
    with pytest.raises(GuardError, match="cannot be read"):
        develop(experiment(frame, tmp_path), Places.here())


def test_full_disk_leaves_no_half_of_a_set(
    frame: pd.DataFrame, tmp_path: Path, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = sealing._write

    def full(path: Path, content: bytes) -> None:
        if path.name == "names.txt":
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(sealing, "_write", full)
    with pytest.raises(StorageError, match="No space left"):
        develop(experiment(frame, tmp_path), Places.here())
    assert not list((vault / "vault").iterdir())
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(vault.parent))
    assert seal_of(develop(experiment(frame, tmp_path), Places.here())).n_rows == 40
