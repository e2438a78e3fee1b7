"""Files that were opened before their folder was deleted are there as long as they are held."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from truetune.objectives.development import Development
from truetune.objectives.handing import OpenFiles


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_development_is_loaded_from_files_that_have_no_name(
    development: Development, tmp_path: Path
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    development.save(folder)
    files = OpenFiles.of(folder)
    emptied(folder)
    loaded = Development.load(files)
    files.close()
    assert loaded.description == development.description
    assert loaded.inputs == development.inputs
    np.testing.assert_array_equal(loaded.folds[0].x_train, development.folds[0].x_train)
    np.testing.assert_array_equal(loaded.blocks[0], development.blocks[0])


def test_another_process_reads_what_it_is_handed(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "a.txt").write_text("what was there")
    files = OpenFiles.of(folder)
    emptied(folder)
    path = files / "a.txt"
    code = f"print(open({str(path)!r}).read())"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, pass_fds=tuple(files.to_pass), capture_output=True, text=True)
    files.close()
    assert said.stdout == "what was there\n"


def test_a_process_that_is_not_handed_them_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a secret")
    files = OpenFiles.of(tmp_path)
    code = f"import os; print(os.path.exists({str(files / 'a.txt')!r}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    files.close()
    assert said.stdout == "False\n"


def test_what_is_closed_is_closed_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    files = OpenFiles.of(tmp_path)
    (number,) = files.to_pass
    files.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
    own = os.open(tmp_path / "a.txt", os.O_RDONLY)  # may well get the same number
    files.close()
    os.fstat(own)
    os.close(own)


def test_a_file_that_is_not_there_has_a_path_to_nothing() -> None:
    assert not (OpenFiles({}) / "0.blocks.npy").exists()
