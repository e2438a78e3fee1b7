"""What makes a study the same, and what is kept of its data beside that."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from truetune.search.home import Home
from truetune.search.identity import data_settings
from truetune.search.queries import Studies
from truetune.spaces import Experiment

SIGNED = "https://me:secret1@host/rows.csv?sig=secret2"


@pytest.fixture
def experiment() -> Experiment:
    return Experiment.model_validate(
        {
            "study": "signed",
            "data": {"source": SIGNED, "target": "y", "allow": ["known_before"]},
            "task": "binary",
            "parameters": {"learning_rate": {"type": "float", "low": 0.1, "high": 1.0}},
        }
    )


def test_neither_identity_nor_settings_hold_a_secret(experiment: Experiment) -> None:
    assert experiment.identity()["data"]["source"] == "rows.csv"
    kept = data_settings(experiment)
    assert kept["source"] == "https://me:***@host/rows.csv?sig=***"
    assert "secret" not in str(kept) + str(experiment.identity())


def test_a_renewed_signature_is_the_same_study(experiment: Experiment) -> None:
    renewed = experiment.data.model_copy(update={"source": SIGNED.replace("secret2", "other")})
    assert experiment.model_copy(update={"data": renewed}).identity() == experiment.identity()


def test_a_study_is_a_file_again_with_what_may_tell_the_target(
    experiment: Experiment, tmp_path: Path
) -> None:
    study = optuna.create_study()
    settings = {"sampler": "tpe", **data_settings(experiment)}
    study.set_user_attr("identity", experiment.identity())
    study.set_user_attr("settings", settings)
    content = Studies(Home.at(tmp_path), None).experiment_content(study)
    assert content["data"]["allow"] == ["known_before"]
    assert content["data"]["source"] == settings["source"]
    assert Experiment.model_validate(content).data.target == "y"
