"""The page about the guard says what is true: its example is run, its answers are the tool's."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from truetune.objectives.guard import sealing
from truetune.objectives.guard.ledger import MAX_LOOKS, alpha
from truetune.objectives.guard.places import Places
from truetune.objectives.guard.verdict import Name
from truetune.spaces.experiment import Experiment, Verify

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "guard.md").read_text()
BLOCKS = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

Tune = Callable[..., subprocess.CompletedProcess[str]]


def test_the_walk_from_rows_to_a_verdict_is_as_shown(
    tmp_path: Path,
    vault: Path,
    tune: Tune,
    as_shown: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (making,) = [text for language, text in BLOCKS if language == "python"]
    exec(compile(making, "docs/guard.md", "exec"), {})
    sessions = [text for language, text in BLOCKS if language == "console"]
    assert len(sessions) == 7
    codes = []
    for session in sessions:
        command, _, shown = session.partition("\n")
        answer = tune(*shlex.split(command.removeprefix("$ tune ")))
        output = answer.stdout or answer.stderr
        assert re.fullmatch(as_shown(shown), output), output
        codes.append(answer.returncode)
    assert codes == [0, 0, 0, 0, 0, 3, 3]
    (name,) = sealing.sets(Places(vault))
    kept = {path.name for path in (vault / "vault" / name).iterdir()}
    assert kept == {"rows.sealed", "manifest.json", "codes.npy", "names.txt"}


def test_a_pattern_is_of_what_is_shown_and_nothing_else(as_shown: Callable[[str], str]) -> None:
    assert re.fullmatch(as_shown("a\n...\nb\n"), "a\nx\ny\nb\n")
    assert re.fullmatch(as_shown("look 1 was ...\n"), "look 1 was root's\n")
    assert not re.fullmatch(as_shown("a\nb\n"), "a\nx\nb\n")


def test_every_verdict_and_level_is_told_of() -> None:
    assert [name for name in get_args(Name) if f"| {name} |" not in PAGE] == []
    assert [name for name in ("kernel", "audit", "none") if f"- `{name}`" not in PAGE] == []


def test_numbers_on_the_page_are_the_programs() -> None:
    assert f"verify: {{min_effect: {Verify().min_effect}}}" in PAGE
    assert MAX_LOOKS == 3
    assert "After\nthree looks the rows are spent" in PAGE
    levels = [f"{100 * (1 - alpha(look)):.1f} %" for look in (1, 2, 3)]
    assert levels == ["97.5 %", "99.2 %", "99.6 %"]
    assert all(level in PAGE for level in levels)
    assert sealing.SAME == 0.1  # a tenth


def test_piece_of_a_file_is_one_that_loads() -> None:
    import yaml

    (piece,) = [text for language, text in BLOCKS if language == "yaml"]
    assert Verify.model_validate(yaml.safe_load(piece)["verify"]) == Verify()
    assert "verify" in Experiment.model_fields


def test_promise_is_no_larger_than_can_be_kept() -> None:
    assert "cannot see the test rows by accident" in PAGE
    assert "no lock against the owner" in PAGE
    assert not re.search(r"cheat.?proof|impossible|guarantee", PAGE, re.IGNORECASE)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / "docs" / link).exists()
