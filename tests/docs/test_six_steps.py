"""The walk through the six steps is one that can be walked: every command and every edit of it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "six-steps.md").read_text()
BLOCKS = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def write_into(file: Path, edit: str) -> None:
    """Put what a piece of YAML says in the place of what a file says."""
    yaml = YAML()
    content = yaml.load(file.read_text())
    merge(content, YAML(typ="safe").load(edit))
    yaml.dump(content, file)


def merge(content: Any, edit: Mapping[str, Any]) -> None:
    for key, value in edit.items():
        if key == "parameters":
            merge(content[key], value)
        else:
            content[key] = value


def test_the_walk_goes_from_rows_to_the_real_world(
    tmp_path: Path,
    tune: Callable[..., subprocess.CompletedProcess[str]],
    as_shown: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    walked = []
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, "docs/six-steps.md", "exec"), {})
        elif language == "yaml":
            write_into(tmp_path / "tumours.yaml", text)
        else:
            command, _, shown = text.partition("\n")
            answer = tune(*shlex.split(command.removeprefix("$ tune ")))
            assert answer.returncode == 0, answer.stderr
            assert re.fullmatch(as_shown(shown), answer.stdout), answer.stdout
            walked.append(shlex.split(command)[2])
    assert walked == [
        *("init", "check", "lr", "search", "search", "status"),
        *("learning-curve", "threshold", "verify", "verify", "status"),
    ]


def test_every_step_has_its_place_on_the_page() -> None:
    names = ("cost function", "first network", "training set", "validation set", "test set")
    headings = "\n".join(re.findall(r"^## .*$", PAGE, re.MULTILINE))
    assert [name for name in (*names, "real world") if name not in headings] == []
    assert [number for number in range(1, 7) if f"{number}. " not in headings] == []
