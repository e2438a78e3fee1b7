"""Networks and costs with a known fault are found out; sound ones are let be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.findings import Finding
from truetune.objectives.sanity.catalogue import Facts
from truetune.spaces import Experiment, load

Make = Callable[..., Experiment]
Look = Callable[..., tuple[list[Finding], Facts]]

SPACES = Path(__file__).resolve().parents[3] / "spaces"
# Not those of thousands of steps: what they have is looked at in other files, too.
SHIPPED = [p for p in sorted(SPACES.glob("*.yaml")) if p.stem not in ("resnet18", "resnet")]

_REACHED = "every layer is reached by the gradient"
_ONE_ROW = "one row is learnt by heart"
_FINITE = "outputs, losses and gradients are finite numbers"


@pytest.mark.parametrize(
    ("own", "task", "rule", "words", "level"),
    [
        ("with_softmax", "classification", _ONE_ROW, "outputs are probabilities", "error"),
        ("with_sigmoid", "binary", _ONE_ROW, "outputs lie between 0 and 1", "error"),
        ("detached", "classification", _REACHED, "'first' had none", "warning"),
        ("unused", "classification", _REACHED, "'spare' had none", "warning"),
        ("all_detached", "regression", "the loss has a gradient", "no weight has one", "error"),
        ("dead", "binary", "rectified units are above 0", "32 of 32 units after '1'", "warning"),
        ("exploding", "classification", "the first loss is near", "knowing nothing", "warning"),
        ("saturated", "binary", "units lie between the ends", "of the tanh units", "warning"),
        ("vanishing", "binary", "gradients are of like length", "vanishes towards", "warning"),
        ("blind", "binary", "8 rows are learnt by heart", "get the same outputs", "error"),
        ("not_a_number", "regression", _FINITE, "outputs are not", "error"),
        ("with_relu_at_the_end", "regression", _ONE_ROW, "never below 0", "error"),
    ],
)
def test_a_network_with_a_fault_is_found_out(
    own: str, task: str, rule: str, words: str, level: str, make: Make, looked: Look
) -> None:
    findings, _ = looked(make(task, own))
    told = [f"{f.level}: {f.rule}: {f.found}" for f in findings]
    (own_finding,) = [f for f in findings if f.rule.startswith(rule)] or [None]
    assert own_finding is not None, told
    assert words in own_finding.found.replace("layer ", ""), told
    assert (own_finding.level, own_finding.where) == (level, "training, trial 0")
    assert own_finding.fix


@pytest.mark.parametrize("task", ["classification", "binary", "regression"])
@pytest.mark.parametrize("own", ["sound", "dropping", "zero_start", "frozen_below"])
def test_a_sound_network_of_ones_own_is_let_be(
    own: str, task: str, make: Make, looked: Look
) -> None:
    findings, facts = looked(make(task, own))
    assert findings == []
    assert facts.one_row_steps is not None


def test_log_probabilities_are_logits_too(make: Make, looked: Look) -> None:
    assert looked(make(own="with_log_softmax"))[0] == []


@pytest.mark.parametrize("model", ["mlp", "linear", "tabular", "gru", "lstm", "cnn", "resnet"])
@pytest.mark.parametrize("task", ["classification", "binary", "regression"])
def test_every_model_of_ours_is_let_be(model: str, task: str, make: Make, looked: Look) -> None:
    findings, facts = looked(make(task, model=model))
    assert (findings, facts.n_configurations) == ([], 1)
    assert facts.one_row_steps is not None


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_space_is_let_be(path: Path, looked: Look) -> None:
    findings, facts = looked(load(path))
    assert (findings, facts.left_out) == ([], [])
    assert facts.one_row_steps is not None


def test_residuals_that_add_up_without_a_norm_are_told(make: Make, looked: Look) -> None:
    deep = {"name": "mlp", "layers": 8, "residual": True}
    (finding,) = looked(make("regression", model=deep))[0]
    assert finding.rule == "the first loss is near that of knowing nothing"
    assert "norm" in finding.fix
    assert looked(make("regression", model={**deep, "norm": "layer"}))[0] == []


@pytest.mark.parametrize(
    ("cost", "rule", "level"),
    [
        ("shuffled", "8 rows are learnt by heart", "warning"),
        ("without_gradient", "a training step runs", "error"),
        ("infinite", _FINITE, "error"),
    ],
)
def test_a_cost_with_a_fault_is_found_out(
    cost: str, rule: str, level: str, make: Make, looked: Look
) -> None:
    (finding,) = looked(make(cost=cost))[0]
    assert (finding.rule, finding.level) == (rule, level)


@pytest.mark.parametrize(
    ("cost", "task"), [("with_margin", "classification"), ("pinball", "regression")]
)
def test_a_sound_cost_of_ones_own_is_let_be(
    cost: str, task: str, make: Make, looked: Look
) -> None:
    assert looked(make(task, cost=cost))[0] == []


@pytest.mark.parametrize(
    ("task", "model"),
    [
        ("classification", {"name": "cnn", "layers": 3, "channels": 4}),
        ("binary", {"name": "mlp", "layers": 2, "hidden_units": 4, "residual": True}),
    ],
)
def test_a_cost_that_counts_sure_rows_less_is_let_be(
    task: str, model: dict[str, Any], make: Make, looked: Look
) -> None:
    assert looked(make(task, model=model, training={"cost": "focal", "epochs": 9}))[0] == []


def test_what_keeps_rows_from_being_learnt_is_off(make: Make, looked: Look) -> None:
    strong: dict[str, Any] = {"weight_decay": 10.0, "l1": 1.0, "label_smoothing": 0.9, "mixup": 9}
    model = {"name": "mlp", "dropout": 0.9}
    findings, facts = looked(make(training={"epochs": 2, **strong}, model=model))
    assert findings == []
    assert facts.one_row_steps is not None


def test_inputs_that_are_not_scaled_are_what_a_first_loss_is_too_large_for(
    make: Make, looked: Look
) -> None:
    data = {"source": "sklearn:wine", "preprocess": {"scale": "none"}}
    (finding, *_) = [f for f in looked(make(data=data))[0] if "first loss" in f.rule]
    assert "inputs go up to 1,6" in finding.found
    assert "scale: standard" in finding.fix


def test_a_configuration_that_cannot_be_built_is_told_with_its_values(
    make: Make, looked: Look
) -> None:
    width = {"type": "int", "low": 4, "high": 40, "default": 8}
    (finding,) = looked(make(own="crashing", parameters={"width": width}))[0]
    assert finding.level == "warning"
    assert "ValueError: width" in finding.found
    assert "own.py" in finding.fix
    assert finding.where.startswith("training, the configuration width: ")


def test_where_trial_0_cannot_be_built_no_search_means_anything(make: Make, looked: Look) -> None:
    width = {"type": "int", "low": 30, "high": 40}
    findings, facts = looked(make(own="crashing", parameters={"width": width}))
    (finding,) = findings
    assert (finding.level, facts.first_loss) == ("error", None)
    n = facts.n_configurations - 1
    assert finding.found.endswith(f"(and so in {n} of {n} other configurations looked at)")


def test_a_rate_that_kills_what_it_trains_is_told(make: Make, looked: Look) -> None:
    training = {"epochs": 20, "batch_size": 16, "optimizer": "sgd"}
    rate = {"type": "float", "low": 1e-3, "high": 1e6, "log": True, "default": 1e6}
    (finding,) = looked(make("regression", training=training, parameters={"learning_rate": rate}))[
        0
    ]
    assert finding.rule == "training stays finite"
    assert "lower `default:`" in finding.fix


def test_each_model_of_a_choice_is_looked_at(make: Make, looked: Look) -> None:
    models = {"type": "categorical", "choices": ["linear", "mlp", "tabular"]}
    findings, facts = looked(make(parameters={"model": models}))
    assert (findings, facts.n_configurations) == ([], 3)


def test_what_the_time_does_not_suffice_for_is_said(make: Make, looked: Look) -> None:
    findings, facts = looked(make(), seconds=0.0)
    assert (findings, facts.n_configurations) == ([], 0)
    assert facts.left_out == ["1 of 1 configurations"]


def test_what_was_seen_is_what_knowing_nothing_would_lead_to_expect(
    make: Make, looked: Look
) -> None:
    _, facts = looked(make(own="sound"))
    assert facts.loss_of_nothing == pytest.approx(1.0986, abs=1e-4)  # log 3
    assert facts.first_loss == pytest.approx(1.1, abs=0.2)
    assert facts.some_rows == 8
