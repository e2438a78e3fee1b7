"""Code of the user's own: which files an experiment runs."""

from __future__ import annotations

from pathlib import Path

from truetune.objectives.own_code import files_of, named_in
from truetune.spaces import load

FLAT = Path(__file__).resolve().parents[1] / "flat.yaml"


def test_an_experiment_without_code_of_ones_own_runs_none() -> None:
    experiment = load(FLAT)
    assert named_in(experiment) == {}
    assert files_of(experiment) == []


def test_each_key_that_names_code_is_told_and_each_file_once(tmp_path: Path) -> None:
    for name in ("rows", "net"):
        (tmp_path / f"{name}.py").touch()
    overrides = {
        "data.source": f"{tmp_path}/rows.py:load",
        "model": f"{tmp_path}/net.py:build",
        "training.cost": f"{tmp_path}/net.py:cost",
    }
    experiment = load(FLAT, overrides)
    assert named_in(experiment) == {
        "model": f"{tmp_path}/net.py:build",
        "cost": f"{tmp_path}/net.py:cost",
    }
    assert files_of(experiment) == [f"{tmp_path}/rows.py", f"{tmp_path}/net.py"]
