"""What is denied to trials, and why that may not be enough."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.guard import landlock
from truetune.objectives.guard.levels import denied_paths, reasons_for_audit
from truetune.objectives.guard.places import Places
from truetune.spaces import Experiment


@pytest.fixture
def places(vault: Path) -> Places:
    return Places(vault)


@pytest.fixture(autouse=True)
def has_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 3)


def with_data(experiment: Experiment, **data: Any) -> Experiment:
    section = {"source": "rows.csv", "target": "y", **{k: str(v) for k, v in data.items()}}
    settings = experiment.model_dump(mode="json") | {"data": section}
    return Experiment.model_validate(settings)


def test_of_a_table_its_files_are_denied(
    quick: Experiment, places: Places, tmp_path: Path
) -> None:
    rows, test = tmp_path / "rows.csv", tmp_path / "test.parquet"
    experiment = with_data(quick, source=rows, test=test)
    assert denied_paths(experiment, places) == (places.root, rows, test)
    assert reasons_for_audit(experiment, "ray", None) == ()


def test_of_arrays_the_targets_are_denied_too(
    quick: Experiment, places: Places, tmp_path: Path
) -> None:
    inputs, targets = tmp_path / "x.npy", tmp_path / "y.npy"
    experiment = with_data(quick, source=inputs, target=targets)
    assert denied_paths(experiment, places) == (places.root, inputs, targets)
    named = with_data(quick, source=tmp_path / "both.npz", target="y.npy")  # an array inside
    assert denied_paths(named, places) == (places.root, tmp_path / "both.npz")


def test_of_pictures_the_folder_is_denied(
    quick: Experiment, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "pictures" / "cats").mkdir(parents=True)
    experiment = with_data(quick, source=tmp_path / "pictures")
    assert denied_paths(experiment, places) == (places.root, tmp_path / "pictures")
    assert reasons_for_audit(experiment, "ray", None) == ()


@pytest.mark.parametrize("address", ["sqlite:///{}", "sqlite+pysqlite:///file:{}?uri=true"])
def test_of_a_database_that_is_a_file_all_its_files_are_denied(
    address: str, quick: Experiment, places: Places, tmp_path: Path
) -> None:
    file = tmp_path / "shop.db"
    experiment = with_data(quick, source=address.format(file), query="select 1")
    beside = (Path(f"{file}{end}") for end in ("-wal", "-shm", "-journal"))
    assert denied_paths(experiment, places) == (places.root, file, *beside)
    assert reasons_for_audit(experiment, "ray", None) == ()


def test_what_is_denied_is_where_links_lead(
    quick: Experiment, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "real.csv").write_text("")
    (tmp_path / "link.csv").symlink_to("real.csv")
    for source in (tmp_path / "link.csv", f"file://{tmp_path}/link.csv"):
        experiment = with_data(quick, source=source)
        assert denied_paths(experiment, places) == (places.root, tmp_path / "real.csv")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("sklearn:iris", "the rows of sklearn:iris are part of scikit-learn"),
        ("package.own:rows", "the rows come from a function of your own, package.own:rows,"),
        ("/own.py:rows", "the rows come from a function of your own, /own.py:rows,"),
        ("https://host/rows.csv", "the rows lie at https://host/rows.csv,"),
        ("s3://bucket/rows.parquet", "the rows lie at s3://bucket/rows.parquet,"),
        ("postgresql://me:secret@host/shop", "the rows lie at postgresql://me:***@host/shop,"),
        ("sqlite://", "the rows lie at sqlite://,"),
    ],
)
def test_rows_that_trials_can_get_themselves_are_a_reason(
    source: str, reason: str, quick: Experiment, places: Places
) -> None:
    experiment = with_data(quick, source=source)
    assert denied_paths(experiment, places) == (places.root,)
    (told,) = reasons_for_audit(experiment, "ray", None)
    assert told.startswith(reason)


def test_executor_and_cluster_are_reasons(quick: Experiment, tmp_path: Path) -> None:
    experiment = with_data(quick, source=tmp_path / "rows.csv")
    assert "--executor inline" in reasons_for_audit(experiment, "inline", None)[0]
    assert "host:6379" in reasons_for_audit(experiment, "ray", "host:6379")[0]


def test_a_function_that_says_the_metrics_itself_is_a_reason(
    quick: Experiment, tmp_path: Path
) -> None:
    experiment = with_data(quick, source=tmp_path / "rows.csv")
    objective = experiment.objective.model_copy(update={"function": "own.py:train"})
    own = experiment.model_copy(update={"objective": objective})
    assert "function of your own" in reasons_for_audit(own, "ray", None)[0]


@pytest.mark.parametrize(("system", "named"), [("linux", "this kernel, "), ("darwin", "macOS ")])
def test_a_kernel_that_cannot_lock_is_a_reason(
    system: str, named: str, quick: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(sys, "platform", system)
    experiment = with_data(quick, source=tmp_path / "rows.csv")
    (told,) = reasons_for_audit(experiment, "ray", None)
    assert told.startswith(named)


def test_a_second_name_is_a_reason(quick: Experiment, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("")
    experiment = with_data(quick, source=rows)
    assert reasons_for_audit(experiment, "ray", None) == ()
    os.link(rows, tmp_path / "second.csv")
    (told,) = reasons_for_audit(experiment, "ray", None)
    assert f"{rows} has a second name" in told


def test_a_second_name_of_one_picture_is_a_reason(quick: Experiment, tmp_path: Path) -> None:
    cats = tmp_path / "pictures" / "cats"
    cats.mkdir(parents=True)
    (cats / "1.png").write_text("")
    os.link(cats / "1.png", tmp_path / "second.png")
    experiment = with_data(quick, source=tmp_path / "pictures")
    (told,) = reasons_for_audit(experiment, "ray", None)
    assert "has a second name" in told


@pytest.mark.parametrize("name", ["circle.csv", "missing.csv", "null\0.csv", "x" * 300 + ".csv"])
def test_a_source_that_cannot_be_read_raises_nothing_here(
    name: str, quick: Experiment, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    experiment = with_data(quick, source=f"{tmp_path}/{name}")
    assert denied_paths(experiment, places)[0] == places.root
    assert all(reason.endswith(".") for reason in reasons_for_audit(experiment, "ray", None))


def test_pictures_that_are_links_are_a_reason(quick: Experiment, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.png").write_text("")
    cats = tmp_path / "pictures" / "cats"
    cats.mkdir(parents=True)
    (cats / "1.png").symlink_to(tmp_path / "elsewhere.png")
    experiment = with_data(quick, source=tmp_path / "pictures")
    (told,) = reasons_for_audit(experiment, "ray", None)
    assert "holds links" in told


def test_what_trials_need_is_not_denied_and_a_reason(
    quick: Experiment, places: Places, tmp_path: Path
) -> None:
    needed = Path(sys.prefix).resolve()
    for source in (needed, needed.parent, Path("/dev/shm/rows.csv")):
        experiment = with_data(quick, source=source)
        assert denied_paths(experiment, places) == (places.root,)
        (told,) = reasons_for_audit(experiment, "ray", None)
        assert told.startswith(str(source))


@pytest.mark.parametrize("home", [".", "pictures/mlruns", "pictures"])
def test_what_trials_write_to_is_not_denied_and_a_reason(
    home: str, quick: Experiment, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    experiment = with_data(quick, source=tmp_path / "pictures")
    used = tmp_path / home
    assert denied_paths(experiment, places, used) == (places.root,)
    assert "where trials write" in reasons_for_audit(experiment, "ray", None, used)[0]
    beside = tmp_path / "mlruns"
    assert denied_paths(experiment, places, beside) == (places.root, tmp_path / "pictures")
    assert reasons_for_audit(experiment, "ray", None, beside) == ()
