"""Every path of a home, and what a home refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from truetune.errors import StorageError
from truetune.search.home import Home, slug

AWKWARD = ["../../etc/x", "a/b", "-rf", "CON?", "x" * 200, "Größe", "🚀", "a b", ".", ".."]


@pytest.mark.parametrize("name", ["digits-mlp", "a.b_c", "X1"])
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_name_stays_inside_the_home(name: str, tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    assert home.lock(name).resolve().parent == tmp_path / "locks"
    assert home.trials(name).resolve().parents[1] == tmp_path / "artifacts"
    assert len(slug(name)) <= 80


def test_awkward_names_do_not_collide() -> None:
    names = [*AWKWARD, "a-b", "x" * 199, "Grosse"]
    assert len({slug(name) for name in names}) == len(names)


def test_the_flag_wins_over_the_environment_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNE_HOME", raising=False)
    assert Home.at(None).root == tmp_path / "mlruns"
    monkeypatch.setenv("TUNE_HOME", str(tmp_path / "environment"))
    assert Home.at(None).root == tmp_path / "environment"
    assert Home.at(tmp_path / "flag").root == tmp_path / "flag"


def test_naming_a_home_creates_nothing(tmp_path: Path) -> None:
    Home.at(tmp_path / "new").check()
    assert list(tmp_path.iterdir()) == []


def test_an_old_mlflow_file_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "meta.yaml").touch()
    with pytest.raises(StorageError, match=r"MLflow file store \(0/meta.yaml\)"):
        Home.at(tmp_path).check()


def test_a_file_in_the_place_of_a_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is not a folder"):
        Home.at(tmp_path / "file").check()
    with pytest.raises(StorageError, match="cannot be created"):
        Home.at(tmp_path / "file" / "below").create()
