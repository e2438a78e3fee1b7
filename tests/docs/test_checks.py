"""The page about what a check tries out says what is true: its example is found out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truetune.objectives.preparation import develop
from truetune.objectives.requirements import problems
from truetune.objectives.sanity import cases, catalogue, overfit
from truetune.spaces import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "checks.md").read_text()
FILES = dict(
    re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
)


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "wine.yaml"


def test_the_example_is_told_as_the_page_tells_it(space: Path) -> None:
    experiment = load(space)
    assert problems(experiment) == []
    findings, _ = catalogue.look(experiment, develop(experiment), "cpu", 60)
    told = [f"{f.where}: {f.level}: {f.rule}, but {f.found}.\n  fix: {f.fix}" for f in findings]
    (shown,) = re.findall(r"^```\n(training, .*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)
    assert told == [re.sub(r"\n(?!  fix)", " ", shown)]


def test_without_the_softmax_nothing_is_wrong(space: Path) -> None:
    code = FILES["net.py"].replace("        nn.Softmax(dim=1),\n", "")
    assert code != FILES["net.py"]
    (space.parent / "net.py").write_text(code)
    experiment = load(space)
    assert catalogue.look(experiment, develop(experiment), "cpu", 60)[0] == []


def test_the_numbers_of_the_page_are_the_programs() -> None:
    assert (overfit.N_STEPS, overfit.N_ROWS, len(overfit.RATES)) == (200, 8, 3)
    assert (cases.N_DRAWN, cases._N_LARGEST, catalogue.SECONDS) == (6, 300, 10.0)
    words = ("within 200 steps", "eight rows", "three rates", "six other", "300 draws")
    assert [word for word in (*words, "ten seconds") if word not in PAGE] == []
