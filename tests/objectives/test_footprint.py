"""What a network costs, held against arithmetic by hand and published numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models import build
from truetune.models.inputs import Inputs
from truetune.objectives import footprint
from truetune.objectives.footprint import MEASURES, flops, latency_ms, measured, n_parameters
from truetune.objectives.metrics import FOOTPRINT
from truetune.objectives.own_network import OwnNetwork


def network(name: str, inputs: Inputs, n_outputs: int = 3, **parameters: Any) -> nn.Module:
    return build(name, inputs, n_outputs, Generator().manual_seed(0), **parameters)


ROW, PICTURE = Inputs((10,)), Inputs((2, 8, 8))


def lstm_products(n_inputs: int, n_units: int, n_gates: int) -> int:
    return 2 * n_gates * n_units * (n_inputs + n_units)


@pytest.mark.parametrize(
    ("name", "inputs", "parameters", "expected"),
    [
        ("linear", ROW, {}, 10 * 3 + 3),
        ("mlp", ROW, {"layers": 2, "hidden_units": [7, 5]}, 10 * 7 + 7 + 7 * 5 + 5 + 5 * 3 + 3),
        ("mlp", ROW, {"layers": 1, "hidden_units": 7, "norm": "batch"}, 77 + 14 + 24),
        ("gru", Inputs((6, 4)), {"hidden_units": 5}, 3 * 5 * (4 + 5) + 2 * 3 * 5 + 5 * 3 + 3),
        ("resnet18", Inputs((3, 32, 32)), {}, 11_689_512 - 512_000 - 1_000 + 512 * 3 + 3),
    ],
)
def test_parameters_are_counted_as_by_hand(
    name: str, inputs: Inputs, parameters: dict[str, Any], expected: int
) -> None:
    assert n_parameters(network(name, inputs, **parameters)) == expected


def test_a_parameter_that_two_layers_share_counts_once() -> None:
    layer = nn.Linear(4, 4)
    assert n_parameters(nn.Sequential(layer, layer)) == 4 * 4 + 4


@pytest.mark.parametrize(
    ("name", "inputs", "parameters", "expected"),
    [
        ("linear", ROW, {}, 2 * 10 * 3),
        ("mlp", ROW, {"layers": 2, "hidden_units": [7, 5]}, 2 * (10 * 7 + 7 * 5 + 5 * 3)),
        (
            "cnn",
            PICTURE,
            {"layers": 1, "channels": 4, "kernel_size": 3, "head": "average"},
            2 * (8 * 8 * 4 * 2 * 3 * 3 + 4 * 3),
        ),
        ("gru", Inputs((6, 4)), {"hidden_units": 5}, 6 * lstm_products(4, 5, 3) + 2 * 5 * 3),
        ("lstm", Inputs((6, 4)), {"hidden_units": 5}, 6 * lstm_products(4, 5, 4) + 2 * 5 * 3),
        (
            "lstm",
            Inputs((6, 4)),
            {"hidden_units": 5, "bidirectional": True},
            2 * 6 * lstm_products(4, 5, 4) + 2 * 10 * 3,
        ),
        (
            "lstm",
            Inputs((6,), n_words=50),
            {"hidden_units": 5, "embedding_size": 4},
            6 * lstm_products(4, 5, 4) + 2 * 5 * 3,
        ),
    ],
)
def test_operations_are_counted_as_by_hand(
    name: str, inputs: Inputs, parameters: dict[str, Any], expected: int
) -> None:
    assert flops(network(name, inputs, **parameters), inputs) == expected


def test_resnet_18_has_as_many_operations_as_is_published() -> None:
    inputs = Inputs((3, 224, 224))
    n = flops(network("resnet18", inputs, 1000), inputs)
    assert n / 2 == pytest.approx(
        1.814e9, rel=1e-3
    )  # torchvision: 1.81 GFLOPS, which are products


class Drawing(nn.Module):
    """Draws from torch's global generator whenever it is called, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.n_rows = nn.Linear(10, 3), list[int]()

    def forward(self, x: Tensor) -> Tensor:
        self.n_rows.append(len(x))
        outputs: Tensor = self.layer(x) + torch.rand(())
        return outputs


@pytest.mark.parametrize("name", MEASURES)
def test_measuring_leaves_a_network_and_randomness_as_they_were(name: str) -> None:
    one = network("mlp", ROW, norm="batch", dropout=0.5)
    one.norms.eval()  # type: ignore[union-attr, operator]
    own = OwnNetwork(Drawing()).train()
    for each in (one, own):
        modes = [module.training for module in each.modules()]
        before = {key: tensor.clone() for key, tensor in each.state_dict().items()}
        state = torch.random.get_rng_state()
        measured([name], each, ROW, "cpu")
        assert [module.training for module in each.modules()] == modes
        after = each.state_dict()
        assert all(torch.equal(before[key], after[key]) for key in before)
        assert torch.equal(torch.random.get_rng_state(), state)
        assert all(parameter.grad is None for parameter in each.parameters())


def test_latency_is_the_median_of_the_runs_that_count(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([9.0, 9.0, 9.0, *(0.001 * n for n in range(100, 0, -1))])
    monkeypatch.setattr(footprint, "_run", lambda *_: next(seconds))
    monkeypatch.setattr(footprint, "_SECONDS", float("inf"))
    assert latency_ms(network("linear", ROW), ROW, 1, "cpu") == pytest.approx(50.5)


@pytest.mark.parametrize(("name", "n_rows"), [("latency_1_ms", 1), ("latency_256_ms", 256)])
def test_latency_is_that_of_so_many_rows(name: str, n_rows: int) -> None:
    own = Drawing()
    found = measured([name], OwnNetwork(own), ROW, "cpu")
    assert set(own.n_rows) == {n_rows}
    assert found[name] > 0


def test_what_is_measured_is_what_a_file_can_name() -> None:
    assert [*MEASURES] == [*FOOTPRINT]
    assert measured([], network("linear", ROW), ROW, "cpu") == {}
