"""The convolutional network, held against torch's own modules."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models.cnn import CNN, CNNConfig, build
from truetune.models.inputs import Inputs

PICTURES = (3, 16, 16)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows(*shape: int) -> Tensor:
    return torch.randn(20, *shape, generator=seeded(9))


def sequential(network: CNN, *parts: nn.Module) -> nn.Sequential:
    """Give modules that a user would write the weights of a network, in their order."""
    reference = nn.Sequential(*parts)
    ours = [(t.shape.numel(), t) for t in network.state_dict().values()]
    theirs = reference.state_dict()
    assert [t.numel() for t in theirs.values()] == [n for n, _ in ours]
    state = {
        name: tensor.reshape(theirs[name].shape)
        for name, (_, tensor) in zip(theirs, ours, strict=True)
    }
    reference.load_state_dict(state)
    return reference


def test_two_layers_of_32_channels_unless_something_else_is_asked() -> None:
    network = build(Inputs(PICTURES), 10, seeded(1))
    x = rows(*PICTURES)
    reference = sequential(
        network,
        nn.Conv2d(3, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )
    torch.testing.assert_close(network(x), reference(x))


def test_each_layer_has_its_own_channels_and_kernel() -> None:
    network = build(
        Inputs(PICTURES), 10, seeded(1), layers=3, channels=[4, 6, 5], kernel_size=(5, 3, 1)
    )
    x = rows(*PICTURES)
    reference = sequential(
        network,
        nn.Conv2d(3, 4, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 5, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(5 * 2 * 2, 10),
    )
    torch.testing.assert_close(network(x), reference(x))


def test_a_row_of_numbers_is_seen_by_one_dimensional_convolutions() -> None:
    network = build(Inputs((41,)), 10, seeded(1), channels=[8, 6], kernel_size=[7, 5])
    x = rows(41)
    reference = sequential(
        network,
        nn.Conv1d(1, 8, 7, padding=3),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(8, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Flatten(),
        nn.Linear(6 * 10, 10),
    )
    torch.testing.assert_close(network(x), reference(x.unsqueeze(1)))


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_average_pooling_norms_and_another_activation(norm: str) -> None:
    network = build(
        Inputs(PICTURES),
        10,
        seeded(1),
        layers=1,
        channels=8,
        pooling="average",
        head="average",
        activation="silu",
        norm=norm,
    )
    x = rows(*PICTURES)
    reference = sequential(
        network,
        nn.Conv2d(3, 8, 3, padding=1, bias=False),  # the norm has one
        nn.BatchNorm2d(8) if norm == "batch" else nn.GroupNorm(1, 8),
        nn.SiLU(),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )
    for mode in (True, False):
        torch.testing.assert_close(network.train(mode)(x), reference.train(mode)(x))


def test_an_array_is_a_picture_of_one_channel() -> None:
    array, picture = (build(Inputs(shape), 3, seeded(1)) for shape in ((8, 6), (1, 8, 6)))
    assert torch.equal(array(rows(8, 6)), picture(rows(8, 6).unsqueeze(1)))


def test_pooling_ends_where_one_pixel_is_left() -> None:
    network = build(Inputs((1, 8, 3)), 3, seeded(1), layers=6, channels=4)
    kernels = [tuple(layer.conv.weight.shape[2:]) for layer in network.hidden]
    assert kernels == [(3, 3), (3, 1), (3, 1), (1, 1), (1, 1), (1, 1)]
    assert [layer.left for layer in network.hidden] == [(4, 1), (2, 1), *[(1, 1)] * 4]
    assert network.output.in_features == 4


@pytest.mark.parametrize(
    ("parameters", "gain"),
    [
        ({}, 2),
        ({"activation": "selu"}, 1),
        ({"activation": "selu", "initialization": "he"}, 2),
        ({"initialization": "lecun"}, 1),
    ],
)
def test_weights_have_the_deviation_of_their_fan_in(
    parameters: dict[str, str], gain: float
) -> None:
    network = build(Inputs((1, 32, 32)), 50, seeded(1), channels=[60, 80], **parameters)
    first, second = (layer.conv for layer in network.hidden)
    assert first.weight.std().item() == pytest.approx(math.sqrt(gain / 9), rel=0.1)
    assert second.weight.std().item() == pytest.approx(math.sqrt(gain / (9 * 60)), rel=0.02)
    fan_in = 80 * 8 * 8
    assert network.output.weight.std().item() == pytest.approx(math.sqrt(1 / fan_in), rel=0.02)
    assert not any(layer.bias.any() for layer in (first, second, network.output))


def test_whole_channels_are_dropped_after_each_layer() -> None:
    network = build(Inputs(PICTURES), 10, seeded(1), layers=3, channels=8, dropout=[0.2, 0, 0.7])
    x, draws = rows(*PICTURES), seeded(7)
    expected = x
    for layer, rate in zip(network.hidden, (0.2, 0.0, 0.7), strict=True):
        expected = layer(expected)
        if rate > 0:  # a rate of zero draws nothing
            kept = torch.rand(20, 8, 1, 1, generator=draws) >= rate
            expected = expected * kept / (1 - rate)
    torch.testing.assert_close(network(x, seeded(7)), network.output(expected.flatten(1)))


def test_last_rate_drops_numbers_before_the_output_instead_of_channels() -> None:
    network = build(Inputs(PICTURES), 10, seeded(1), channels=8, dropout=[0.2], dropout_last=0.5)
    x, draws = rows(*PICTURES), seeded(7)
    first, second = network.hidden
    kept = torch.rand(20, 8, 1, 1, generator=draws) >= 0.2
    left = second(first(x) * kept / 0.8).flatten(1)
    kept = torch.rand(left.shape, generator=draws) >= 0.5
    torch.testing.assert_close(network(x, seeded(7)), network.output(left * kept / 0.5))


@pytest.mark.parametrize(
    ("parameters", "rates"),
    [
        ({"dropout": 0.1}, (0.1, 0.1)),
        ({"dropout": 0.1, "dropout_last": 0}, (0.1, 0)),
        ({"dropout": [0.1, 0.2]}, (0.1, 0.2)),
        ({"dropout_last": 0.4}, (0, 0)),
        ({"layers": 1, "dropout": 0.1, "dropout_last": 0.4}, (0,)),
    ],
)
def test_channels_have_the_rates_before_the_last_one(
    parameters: dict[str, Any], rates: tuple[float, ...]
) -> None:
    assert CNNConfig(**parameters).rates == rates


def test_nothing_is_dropped_without_a_generator() -> None:
    x = rows(*PICTURES)
    networks = [
        build(Inputs(PICTURES), 10, seeded(1), dropout=rate, dropout_last=last)
        for rate, last in ((0.0, None), (0.5, None), (0.5, 0.5))
    ]
    first, *others = (network(x) for network in networks)
    assert all(torch.equal(first, other) for other in others)


def test_batch_norm_has_running_averages_of_training_alone() -> None:
    network = build(Inputs(PICTURES), 10, seeded(1), layers=1, norm="batch")
    x, layer = rows(*PICTURES), network.hidden[0]
    seen = layer.conv(x)
    network(x, seeded(7))
    torch.testing.assert_close(layer.norm.running_mean, 0.1 * seen.mean((0, 2, 3)))
    torch.testing.assert_close(layer.norm.running_var, 0.9 + 0.1 * seen.var((0, 2, 3)))
    before = layer.norm.running_mean.clone()
    network.eval()(x)
    assert torch.equal(layer.norm.running_mean, before)


def test_it_learns_where_a_bright_spot_is() -> None:
    x = 0.3 * torch.randn(64, 8, 8, generator=seeded(2))
    y = torch.arange(64) % 2
    x[range(64), 3, torch.where(y == 1, 5, 2)] += 3
    network, draws = build(Inputs((8, 8)), 2, seeded(1), channels=8, norm="batch"), seeded(7)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x, draws), y).backward()
        optimizer.step()
    assert (network.eval()(x).argmax(1) == y).float().mean() > 0.95


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": 0}, "`layers` is a whole number from 1, but got 0."),
        ({"kernel_size": 4}, "`kernel_size` is an odd whole number from 1, or a list"),
        ({"kernel_size": [3, 2]}, "but got [3, 2]."),
        ({"channels": 0}, "`channels` is a whole number from 1"),
        ({"channels": [8, 0]}, "but got [8, 0]."),
        ({"channels": [8]}, "`channels` must have 2 entries where `layers` is 2, but got [8]."),
        ({"kernel_size": []}, "`kernel_size` must have 2 entries where `layers` is 2"),
        ({"dropout": [0.1] * 3}, "`dropout` must have 2 entries where `layers` is 2"),
        (
            {"dropout": [0.1] * 2, "dropout_last": 0.1},
            "`dropout` must have 1 entries where `layers` is 2, but got [0.1, 0.1].",
        ),
        ({"dropout": 1.0}, "`dropout` is a number from 0, less than 1"),
        ({"dropout_last": math.nan}, "`dropout_last` is a number from 0, less than 1, but got"),
        ({"pooling": "min"}, "`pooling` is one of max, average, but got 'min'."),
        ({"head": "last"}, "`head` is one of flatten, average, but got 'last'."),
        ({"activation": "sigmoid"}, "`activation` is one of relu,"),
        ({"norm": "group"}, "`norm` is one of none, batch, layer, but got 'group'."),
        ({"initialization": "uniform"}, "`initialization` is one of auto,"),
    ],
)
def test_impossible_configuration_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        CNNConfig(**parameters)
