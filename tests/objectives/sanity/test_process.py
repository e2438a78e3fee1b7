"""The look at a training in a process of its own: what ends it is a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from truetune.errors import InputError, TuneError
from truetune.objectives.preparation import develop
from truetune.objectives.sanity import process
from truetune.objectives.sanity.process import Look, Looking, look
from truetune.spaces import Experiment

Make = Callable[..., Experiment]

ENDING = """
import os
def build(inputs, n_outputs):
    os._exit(7)
"""
HANGING = """
import time
def build(inputs, n_outputs):
    time.sleep(600)
"""


def looked_at(experiment: Experiment, folder: Path) -> Look:
    folder.mkdir()
    develop(experiment).save(folder)
    return look(experiment, folder)


def test_what_a_sound_training_shows_comes_back(make: Make, tmp_path: Path) -> None:
    found = looked_at(make(), tmp_path / "rows")
    assert found.findings == []
    assert found.facts["loss_of_nothing"] == pytest.approx(1.0986, abs=1e-4)  # log 3
    assert found.facts["largest"]["total"] > 0


def test_a_model_that_ends_the_process_is_a_finding(make: Make, tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text(ENDING)
    found = looked_at(make(model=f"{tmp_path}/ends.py:build"), tmp_path / "rows")
    (finding,) = found.findings
    assert (finding.level, finding.where, found.facts) == ("warning", "training", {})
    assert "a look at the training failed" in finding.found


def test_a_model_that_hangs_is_ended_and_told(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MAX_SECONDS", 1.0)
    (tmp_path / "hangs.py").write_text(HANGING)
    found = looked_at(make(model=f"{tmp_path}/hangs.py:build"), tmp_path / "rows")
    assert found.findings[0].found == "it had not ended after 1 s"


@pytest.mark.parametrize(("kind", "level"), [(InputError, "error"), (TuneError, "warning")])
def test_what_the_user_can_mend_is_an_error(
    kind: type[TuneError], level: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = Looking(make(), tmp_path)
    looking.cancel()

    def failing() -> None:
        raise kind("it does not work.", "Mend it.")

    monkeypatch.setattr(looking.child, "result", failing)
    (finding,) = looking.result().findings
    assert (finding.level, finding.found, finding.fix) == (level, "it does not work", "Mend it.")
