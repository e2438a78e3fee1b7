"""Smaller networks, against those they were: what nothing reads changes nothing when it goes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.errors import InputError
from truetune.models import ARCHITECTURES, build
from truetune.models.inputs import Inputs
from truetune.models.selected import Selected
from truetune.objectives.pruning import layouts
from truetune.objectives.pruning.layouts import Layout, layout_of
from truetune.objectives.pruning.ranking import Cut, kept_of, norms_of, widths_of
from truetune.objectives.pruning.shrinking import shrunk

PICTURES, TABLE = Inputs((2, 9, 7)), Inputs((6,))

CASES: list[tuple[str, Inputs, dict[str, Any]]] = [
    ("mlp", TABLE, {"layers": 1, "hidden_units": 8}),
    ("mlp", TABLE, {"layers": 3, "hidden_units": (8, 5, 7)}),
    ("mlp", TABLE, {"layers": 2, "hidden_units": 8, "norm": "batch", "activation": "tanh"}),
    ("mlp", PICTURES, {"layers": 2, "hidden_units": 4}),
    ("cnn", PICTURES, {"layers": 1, "channels": 6}),
    ("cnn", PICTURES, {"layers": 3, "channels": (4, 6, 5), "norm": "batch"}),
    ("cnn", PICTURES, {"layers": 2, "channels": 6, "head": "average", "kernel_size": (5, 3)}),
    ("cnn", TABLE, {"layers": 2, "channels": 6, "activation": "gelu"}),
]


def trained(name: str, inputs: Inputs, **parameters: Any) -> nn.Module:
    """A network whose every number is another one, running averages too."""
    network = build(name, inputs, 3, Generator().manual_seed(0), **parameters).eval()
    generator = Generator().manual_seed(1)
    for key, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            drawn = torch.randn(tensor.shape, generator=generator)
            tensor.copy_(drawn.abs() + 0.5 if "running_var" in key else drawn)
    return network


def rows(inputs: Inputs) -> Tensor:
    return torch.randn(20, *inputs.shape, generator=Generator().manual_seed(2))


def silenced(network: nn.Module, layout: Layout, kept: list[Tensor]) -> None:
    """Set what leads out of the units that go to 0."""
    state = network.state_dict()
    readers = [f"{modules[0]}.weight" for modules in layout.layers[1:]] + [
        f"{layout.output}.weight"
    ]
    for modules, reader, units in zip(layout.layers, readers, kept, strict=True):
        width = len(state[f"{modules[0]}.weight"])
        gone = [i for i in range(width) if i not in units.tolist()]
        weights = state[reader]
        by_unit = weights.view(len(weights), width, -1) if weights.ndim == 2 else weights
        by_unit[:, gone] = 0


@pytest.mark.parametrize(("name", "inputs", "parameters"), CASES)
def test_units_that_nothing_reads_change_no_output_when_they_go(
    name: str, inputs: Inputs, parameters: dict[str, Any]
) -> None:
    network, x = trained(name, inputs, **parameters), rows(inputs)
    layout = layout_of(name, network)
    norms = norms_of(network.state_dict(), layout)
    widths = widths_of([norms], Cut(amount=0.4))
    kept = kept_of(norms, widths)
    changed = network(x)
    silenced(network, layout, kept)
    # By chance the sums are made in another order: the last bits differ.
    expected = network(x)
    assert not torch.allclose(changed, expected)
    narrow = {**parameters, layout.width: tuple(widths)}
    smaller = build(name, inputs, 3, Generator(), **narrow).eval()
    smaller.load_state_dict(shrunk(network.state_dict(), layout, kept))
    torch.testing.assert_close(smaller(x), expected, rtol=1e-4, atol=1e-4)
    before, after = (sum(p.numel() for p in each.parameters()) for each in (network, smaller))
    assert after < 0.8 * before


def test_units_that_stay_are_what_they_were() -> None:
    network, x = trained("mlp", TABLE, layers=1, hidden_units=8), rows(TABLE)
    layout = layout_of("mlp", network)
    norms = norms_of(network.state_dict(), layout)
    (kept,) = kept_of(norms, [3])
    smaller = build("mlp", TABLE, 3, Generator(), layers=1, hidden_units=(3,))
    smaller.load_state_dict(shrunk(network.state_dict(), layout, [kept]))
    units = network.hidden[0](x).relu()[:, kept]  # type: ignore[index, operator]
    torch.testing.assert_close(smaller.hidden[0](x).relu(), units)  # type: ignore[index, operator]


def test_a_network_of_some_inputs_sees_the_same_ones() -> None:
    inner = trained("mlp", Inputs((3,)), layers=2, hidden_units=6)
    network, x = Selected(inner, (0, 2, 5)), rows(TABLE)
    layout = layout_of("mlp", network)
    norms = norms_of(network.state_dict(), layout)
    kept = kept_of(norms, [4, 2])
    silenced(network, layout, kept)
    narrow = build("mlp", Inputs((3,)), 3, Generator(), layers=2, hidden_units=(4, 2))
    smaller = Selected(narrow, (1, 1, 1))
    smaller.load_state_dict(shrunk(network.state_dict(), layout, kept))
    torch.testing.assert_close(smaller(x), network(x))


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("linear", {}, "`linear`: a linear model has no hidden units"),
        ("tabular", {}, "its blocks add to the same units"),
        ("resnet", {}, "its blocks add to the same channels"),
        ("lstm", {}, "read by every gate at every step"),
        ("mlp", {"residual": True}, "`residual`: its layers add to the same units"),
        ("mlp", {"layers": 0}, "of 0 layers has no hidden units"),
        ("./own.py:build", {}, "whose layers are known, but got ./own.py:build"),
    ],
)
def test_a_network_whose_units_cannot_go_is_refused(
    name: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as error:
        layouts.check(name, parameters)
    assert "--sparsity" in error.value.fix


def test_every_architecture_can_be_made_smaller_or_says_why_not() -> None:
    for name in ARCHITECTURES:
        if name in layouts.WIDTHS:
            layouts.check(name, {})
        else:
            with pytest.raises(InputError, match=f"this is a `{name}`"):
                layouts.check(name, {})
