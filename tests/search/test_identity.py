"""What makes a study the same, and what is kept of its data beside that."""

from __future__ import annotations

import hashlib
from pathlib import Path

import optuna
import pytest

from truetune.search.home import Home
from truetune.search.identity import (
    changed_code,
    code_settings,
    data_settings,
    weights_settings,
)
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


@pytest.fixture
def own(experiment: Experiment, tmp_path: Path) -> Experiment:
    """The same, with a function of the user's own."""
    path = tmp_path / "own.py"
    path.write_text("def train(config, development, seed): yield {'score': 1}")
    content = experiment.model_dump(mode="json")
    objective = {"function": f"{path}:train", "metric": "score", "direction": "maximize"}
    return Experiment.model_validate({**content, "objective": objective})


def test_the_name_of_a_function_makes_a_study_and_its_place_does_not(own: Experiment) -> None:
    assert own.identity()["objective"]["function"] == "own.py:train"
    found = []
    for function in ("/elsewhere/own.py:train", "/elsewhere/own.py:other", "own:train"):
        objective = own.objective.model_copy(update={"function": function})
        other = own.model_copy(update={"objective": objective})
        found.append(other.identity() == own.identity())
    assert found == [True, False, False]


def test_code_and_weights_may_move(experiment: Experiment) -> None:
    content = experiment.model_dump(mode="json")

    def in_folder(folder: str) -> Experiment:
        model = {"name": f"{folder}/net.py:build", "depth": 2}
        training = {"cost": f"{folder}/cost.py:f", "start_from": f"{folder}/weights.pt"}
        return Experiment.model_validate({**content, "model": model, "training": training})

    identity = in_folder("/here").identity()
    assert identity == in_folder("/there").identity()
    assert identity["model"] == {"name": "net.py:build", "depth": 2}
    assert identity["training"]["cost"] == "cost.py:f"
    assert identity["training"]["start_from"] == "weights.pt"


def test_a_study_is_a_file_again_that_names_all_code_and_weights(
    experiment: Experiment, tmp_path: Path
) -> None:
    for name in ("net.py", "cost.py", "weights.pt"):
        (tmp_path / name).touch()
    said = {
        "model": {"name": f"{tmp_path}/net.py:build", "depth": 2},
        "training": {"cost": f"{tmp_path}/cost.py:f", "start_from": f"{tmp_path}/weights.pt"},
    }
    own = Experiment.model_validate(experiment.model_dump(mode="json") | said)
    study = optuna.create_study()
    study.set_user_attr("identity", own.identity())
    settings = data_settings(own) | code_settings(own) | weights_settings(own)
    study.set_user_attr("settings", settings)
    content = Studies(Home.at(tmp_path), None).experiment_content(study)
    again = Experiment.model_validate(content)
    assert (again.model, again.training) == (own.model, own.training)


def test_a_function_is_kept_with_a_hash_of_its_file(
    own: Experiment, experiment: Experiment, tmp_path: Path
) -> None:
    assert code_settings(experiment) == {}
    kept = code_settings(own)
    content = (tmp_path / "own.py").read_bytes()
    assert kept == {
        "function": f"{tmp_path}/own.py:train",
        "function_sha256": hashlib.sha256(content).hexdigest(),
    }
    assert not changed_code({}, kept)
    assert not changed_code({"settings": kept}, kept)
    (tmp_path / "own.py").write_bytes(content + b"\n")
    assert changed_code({"settings": kept}, code_settings(own))


def test_a_study_is_a_file_again_that_names_the_function(own: Experiment, tmp_path: Path) -> None:
    study = optuna.create_study()
    study.set_user_attr("identity", own.identity())
    study.set_user_attr("settings", data_settings(own) | code_settings(own))
    content = Studies(Home.at(tmp_path), None).experiment_content(study)
    assert Experiment.model_validate(content).objective == own.objective
