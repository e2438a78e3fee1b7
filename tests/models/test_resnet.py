"""The small residual network, held against torch's own modules."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models.inputs import Inputs
from truetune.models.resnet import ResNet, ResNetConfig, build

PICTURES = (3, 16, 16)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows(*shape: int) -> Tensor:
    return torch.randn(20, *shape, generator=seeded(9))


class Residual(nn.Module):
    """Figure 2 of the paper, from torch's own modules."""

    def __init__(self, n_in: int, n_out: int, conv: type[nn.Module], norm: type[nn.Module]):
        super().__init__()
        stride = n_out // n_in
        self.inner = nn.Sequential(
            conv(n_in, n_out, 3, stride, 1, bias=False),
            norm(n_out),
            nn.ReLU(),
            conv(n_out, n_out, 3, 1, 1, bias=False),
            norm(n_out),
        )
        self.shortcut = nn.Sequential()
        if n_in != n_out:
            self.shortcut = nn.Sequential(conv(n_in, n_out, 1, stride, bias=False), norm(n_out))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.inner(x) + self.shortcut(x))


def reference_of(
    network: ResNet, conv: type[nn.Module], norm: type[nn.Module], n_channels: int
) -> nn.Sequential:
    """Return two stages of two blocks of 4 and 8 channels, with the weights of a network."""
    reference = nn.Sequential(
        conv(n_channels, 4, 3, 1, 1, bias=False),
        norm(4),
        nn.ReLU(),
        *(Residual(n_in, n_out, conv, norm) for n_in, n_out in ((4, 4), (4, 4), (4, 8), (8, 8))),
        nn.Flatten(2),
    )
    ours = [t for name, t in network.state_dict().items() if not name.startswith("output")]
    theirs = reference.state_dict()
    state = {
        name: tensor.reshape(theirs[name].shape) for name, tensor in zip(theirs, ours, strict=True)
    }
    reference.load_state_dict(state)
    return reference


def small(shape: tuple[int, ...], **parameters: Any) -> ResNet:
    return build(Inputs(shape), 5, seeded(1), stages=2, blocks=2, channels=4, **parameters)


@pytest.mark.parametrize("shape", [PICTURES, (1, 9, 7)])
def test_two_stages_equal_torch_modules_with_the_same_weights(shape: tuple[int, ...]) -> None:
    network, x = small(shape), rows(*shape)
    reference = reference_of(network, nn.Conv2d, nn.BatchNorm2d, shape[0])
    for mode in (True, False):
        expected = network.output(reference.train(mode)(x).mean(2))
        torch.testing.assert_close(network.train(mode)(x), expected)


def test_a_row_of_numbers_is_seen_by_one_dimensional_convolutions() -> None:
    network, x = small((41,)), rows(41)
    reference = reference_of(network, nn.Conv1d, nn.BatchNorm1d, 1)
    torch.testing.assert_close(network(x), network.output(reference(x.unsqueeze(1)).mean(2)))


def test_an_array_is_a_picture_of_one_channel() -> None:
    array, picture = (build(Inputs(shape), 3, seeded(1)) for shape in ((8, 6), (1, 8, 6)))
    assert torch.equal(array(rows(8, 6)), picture(rows(8, 6).unsqueeze(1)))


def test_two_stages_of_a_block_of_16_channels_unless_something_else_is_asked() -> None:
    network = build(Inputs(PICTURES), 10, seeded(1))
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters() if p.ndim > 1}
    assert shapes == {
        "stem.weight": (16, 3, 3, 3),
        "blocks.0.conv1.weight": (16, 16, 3, 3),
        "blocks.0.conv2.weight": (16, 16, 3, 3),
        "blocks.1.conv1.weight": (32, 16, 3, 3),
        "blocks.1.conv2.weight": (32, 32, 3, 3),
        "blocks.1.projection.weight": (32, 16, 1, 1),
        "output.weight": (10, 32),
    }


def test_sides_are_halved_by_each_stage_but_the_first_while_there_are_two_pixels() -> None:
    network = build(Inputs((1, 9, 3)), 3, seeded(1), stages=5, blocks=2, channels=2)
    sides = [(9, 3), (5, 2), (3, 1), (2, 1), (1, 1)]
    assert [block.left for block in network.blocks] == [s for s in sides for _ in range(2)]
    assert network.output.in_features == 2 * 2**4


@pytest.mark.parametrize("norm", ["batch", "layer", "none"])
def test_convolutions_have_a_bias_where_no_norm_has_one(norm: str) -> None:
    network = small(PICTURES, norm=norm)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 1 + 4 * 2 + 1
    assert {layer.bias is not None for layer in convolutions} == {norm == "none"}


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_all_norms_start_as_scale_one_and_shift_zero(norm: str) -> None:
    network = small(PICTURES, norm=norm)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d | nn.GroupNorm)]
    assert len(norms) == 1 + 4 * 2 + 1
    assert all((m.weight == 1).all() and (m.bias == 0).all() for m in norms)


@pytest.mark.parametrize(("norm", "n_blocks"), [("batch", 1), ("none", 2)])
def test_weights_have_the_deviation_of_their_fan_in(norm: str, n_blocks: int) -> None:
    network = build(Inputs(PICTURES), 50, seeded(1), channels=40, norm=norm)
    block = network.blocks[1]
    deviations = {
        block.conv1: math.sqrt(2 / (9 * 40)),
        block.conv2: math.sqrt(2 / (9 * 80) / n_blocks),
        block.projection: math.sqrt(1 / 40),
        network.output: math.sqrt(1 / 80),
    }
    for layer, deviation in deviations.items():
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)


def test_a_deep_network_without_norms_starts_with_outputs_of_an_ordinary_size() -> None:
    network = build(Inputs(PICTURES), 5, seeded(1), stages=2, blocks=10, norm="none")
    assert 0.05 < network(rows(*PICTURES)).std() < 5


def test_averages_are_dropped_before_the_output() -> None:
    network, x = small(PICTURES, dropout_last=0.5).eval(), rows(*PICTURES)
    averages = reference_of(network, nn.Conv2d, nn.BatchNorm2d, 3).eval()(x).mean(2)
    kept = torch.rand(20, 8, generator=seeded(7)) >= 0.5
    torch.testing.assert_close(network(x, seeded(7)), network.output(averages * kept / 0.5))
    torch.testing.assert_close(network(x), network.output(averages))


def test_batch_norm_has_running_averages_of_training_alone() -> None:
    network, x = small(PICTURES), rows(*PICTURES)
    network(x, seeded(7))
    torch.testing.assert_close(network.norm.running_mean, 0.1 * network.stem(x).mean((0, 2, 3)))
    before = {name: tensor.clone() for name, tensor in network.named_buffers()}
    network.eval()(x)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.named_buffers())


def test_layers_are_the_first_convolution_the_blocks_and_the_output() -> None:
    network = small(PICTURES)
    groups = [[network.stem, network.norm], *([b] for b in network.blocks), [network.output]]
    assert network.groups() == groups


def test_it_learns_which_way_lines_run() -> None:
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(8, 8)
    y = torch.arange(64) % 2
    x = torch.where(y[:, None, None] == 1, stripes, stripes.T)
    x = x + torch.randn(64, 8, 8, generator=seeded(2))
    network, draws = build(Inputs((8, 8)), 2, seeded(1), channels=8), seeded(7)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x, draws), y).backward()
        optimizer.step()
    assert (network.eval()(x).argmax(1) == y).float().mean() > 0.95


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stages": 0}, "`stages` is a whole number from 1, but got 0."),
        ({"blocks": 0}, "`blocks` is a whole number from 1, but got 0."),
        ({"channels": [8, 16]}, "`channels` is a whole number from 1, but got [8, 16]."),
        ({"dropout_last": 1}, "`dropout_last` is a number from 0, less than 1, but got 1."),
        ({"activation": "sigmoid"}, "`activation` is one of relu,"),
        ({"norm": "group"}, "`norm` is one of none, batch, layer, but got 'group'."),
        ({"initialization": "uniform"}, "`initialization` is one of auto,"),
    ],
)
def test_impossible_configuration_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ResNetConfig(**parameters)
