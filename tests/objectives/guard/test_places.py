"""Places: where the vault may lie, and where not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from truetune.errors import GuardError, StorageError
from truetune.objectives.guard.places import Places


def test_vault_lies_where_the_xdg_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    assert Places.here().root == Path("/somewhere/data/truetune")


@pytest.mark.parametrize("given", [None, "", "relative/path"])
def test_vault_lies_in_the_users_own_folder_otherwise(
    given: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME")
    if given is not None:
        monkeypatch.setenv("XDG_DATA_HOME", given)
    assert Places.here().root == tmp_path / ".local" / "share" / "truetune"


def test_naming_places_creates_nothing(vault: Path) -> None:
    Places.here().check(Path.cwd())
    assert not vault.exists()


def test_folders_are_their_owners_alone_whatever_the_mask(vault: Path) -> None:
    before = os.umask(0)
    try:
        Places.here().create()
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (vault, vault / "vault")} == {0o700}


@pytest.mark.parametrize("inside", [".", "data", "a/b/c"])
def test_vault_in_the_project_is_refused(
    inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / inside))
    with pytest.raises(GuardError, match="lies outside") as caught:
        Places.here().check(Path("/elsewhere"), tmp_path)
    assert str(tmp_path) in caught.value.cause
    assert "XDG_DATA_HOME" in caught.value.fix


def test_vault_behind_a_link_into_the_project_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "link").symlink_to(project)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "link"))
    with pytest.raises(GuardError, match="lies outside"):
        Places.here().check(project)


def test_project_that_is_the_users_own_folder_keeps_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME")
    Places.here().check(tmp_path, Path("/"))
    with pytest.raises(GuardError):
        Places.here().check(tmp_path / ".local")


def test_vault_above_temporary_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "truetune" / "temporary"))
    with pytest.raises(GuardError, match="temporary files lie outside"):
        Places.here().check()


def test_folder_that_cannot_be_made_is_a_matter_of_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="cannot be created"):
        Places.here().create()
