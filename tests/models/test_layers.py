"""Layers, norms and dropout against torch's own, and initial weights against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models import ACTIVATION_NAMES, INITIALIZATION_NAMES, NORM_NAMES
from truetune.models.layers import (
    ACTIVATIONS,
    conv_layer,
    drop,
    drop_channels,
    initialise,
    linear_layer,
    norm_layer,
)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def drawn(
    method: str, activation: str | None, n_inputs: int = 400, n_outputs: int = 900
) -> Tensor:
    """Fan-in and fan-out differ, so that taking one for the other shows."""
    layer = linear_layer(n_inputs, n_outputs)
    initialise(layer, method, activation, seeded(0))
    return layer.weight.detach()


REFERENCES: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.01),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_activation_is_the_one_that_torch_has_by_its_name(name: str) -> None:
    x = torch.linspace(-5, 5, 101)
    assert torch.equal(ACTIVATIONS[name](x), REFERENCES[name](x))


def test_the_catalogue_names_the_activations_that_there_are() -> None:
    assert list(ACTIVATION_NAMES) == [*ACTIVATIONS] == [*REFERENCES]


@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_has_the_shape_of_torchs(bias: bool) -> None:
    layer, reference = linear_layer(3, 5, bias), nn.Linear(3, 5, bias)
    shapes = [(name, t.shape) for name, t in layer.state_dict().items()]
    assert shapes == [(name, t.shape) for name, t in reference.state_dict().items()]


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (1, 5), (7, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_of_an_odd_kernel_is_torchs_with_same_padding(
    kernel: tuple[int, int], bias: bool
) -> None:
    layer = conv_layer(2, 4, kernel, bias=bias)
    initialise(layer, "he", "relu", seeded(0))
    reference = nn.Conv2d(2, 4, kernel, padding="same", bias=bias)
    reference.load_state_dict(layer.state_dict())
    x = torch.randn(3, 2, 8, 9, generator=seeded(1))
    assert torch.equal(layer(x), reference(x))
    assert layer(x).shape == (3, 4, 8, 9)


@pytest.mark.parametrize(("stride", "sides"), [(2, (4, 5)), ((1, 2), (8, 5)), ((2, 1), (4, 9))])
def test_a_stride_takes_every_so_many_th_place(
    stride: int | tuple[int, int], sides: tuple[int, int]
) -> None:
    layer, dense = conv_layer(2, 4, (3, 3), stride), conv_layer(2, 4, (3, 3))
    initialise(dense, "he", "relu", seeded(0))
    layer.load_state_dict(dense.state_dict())
    x = torch.randn(3, 2, 8, 9, generator=seeded(1))
    down, right = (stride, stride) if isinstance(stride, int) else stride
    assert layer(x).shape == (3, 4, *sides)
    torch.testing.assert_close(layer(x), dense(x)[:, :, ::down, ::right])


@pytest.mark.parametrize(
    ("name", "n_dims", "kind"),
    [
        ("none", 1, nn.Identity),
        ("none", 2, nn.Identity),
        ("batch", 1, nn.BatchNorm1d),
        ("batch", 2, nn.BatchNorm2d),
        ("layer", 1, nn.LayerNorm),
        ("layer", 2, nn.GroupNorm),
    ],
)
def test_a_norm_is_torchs_own_module(name: str, n_dims: int, kind: type[nn.Module]) -> None:
    norm = norm_layer(name, 6, n_dims)
    assert type(norm) is kind
    assert all(p.shape == (6,) for p in norm.parameters())


def test_the_layer_norm_of_a_picture_is_over_all_its_channels_and_pixels() -> None:
    x = torch.randn(5, 6, 4, 3, generator=seeded(0)) * 3 + 1
    expected = nn.functional.layer_norm(x, (6, 4, 3))
    torch.testing.assert_close(norm_layer("layer", 6, 2)(x), expected)


def test_every_norm_in_the_catalogue_can_be_made() -> None:
    kinds = {type(norm_layer(name, 3, 1)) for name in NORM_NAMES}
    assert len(kinds) == len(NORM_NAMES)


GAINS = {
    "relu": nn.init.calculate_gain("relu"),
    "leaky_relu": nn.init.calculate_gain("leaky_relu", 0.01),
    "elu": nn.init.calculate_gain("relu"),
    "gelu": nn.init.calculate_gain("relu"),
    "silu": nn.init.calculate_gain("relu"),
    "selu": nn.init.calculate_gain("linear"),
    "tanh": nn.init.calculate_gain("tanh"),
}
HE, LECUN, GLOROT = math.sqrt(2 / 400), math.sqrt(1 / 400), math.sqrt(2 / (400 + 900))


@pytest.mark.parametrize(
    ("method", "activation", "deviation"),
    [
        *[("he", name, HE) for name in ("relu", "elu", "gelu", "silu", "selu", "tanh")],
        ("he", "leaky_relu", math.sqrt(2 / (1 + 0.01**2) / 400)),
        *[("lecun", name, LECUN) for name in ACTIVATIONS],
        *[("glorot", name, GAINS[name] * GLOROT) for name in ACTIVATIONS],
        *[("auto", name, HE) for name in ("relu", "leaky_relu", "elu", "gelu", "silu")],
        ("auto", "tanh", 5 / 3 * GLOROT),
        ("auto", "selu", LECUN),
        *[(method, None, LECUN) for method in INITIALIZATION_NAMES],
    ],
)
def test_weights_are_normal_of_the_deviation_that_the_formula_says(
    method: str, activation: str | None, deviation: float
) -> None:
    weight = drawn(method, activation)
    n = weight.numel()
    assert weight.shape == (900, 400)
    # Four standard errors: of a deviation it is s / sqrt(2n), of a mean s / sqrt(n).
    assert weight.std().item() == pytest.approx(deviation, rel=4 / math.sqrt(2 * n))
    assert weight.mean().item() == pytest.approx(0, abs=4 * deviation / math.sqrt(n))
    within_one = (weight.abs() < deviation).float().mean().item()
    assert within_one == pytest.approx(0.6827, abs=4 * math.sqrt(0.6827 * 0.3173 / n))


def test_a_leaky_rectifier_has_a_gain_of_its_own() -> None:
    less = math.sqrt(1 + 0.01**2)  # of the variance, that its slope lets through
    torch.testing.assert_close(
        drawn("he", "leaky_relu") * less, drawn("he", "relu"), rtol=1e-6, atol=0
    )


@pytest.mark.parametrize("kernel", [(3, 3), (1, 5)])
@pytest.mark.parametrize("method", ["he", "glorot", "lecun"])
def test_a_convolution_counts_what_its_kernel_sees(kernel: tuple[int, int], method: str) -> None:
    layer, n_seen = conv_layer(40, 90, kernel), kernel[0] * kernel[1]
    initialise(layer, method, "relu", seeded(0))
    deviation = {
        "he": math.sqrt(2 / (40 * n_seen)),
        "glorot": math.sqrt(2) * math.sqrt(2 / (130 * n_seen)),
        "lecun": math.sqrt(1 / (40 * n_seen)),
    }[method]
    error = 4 / math.sqrt(2 * layer.weight.numel())
    assert layer.weight.std().item() == pytest.approx(deviation, rel=error)


@pytest.mark.parametrize(
    ("method", "fill"),
    [
        ("he", lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g)),
        ("lecun", lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=g)),
        ("glorot", lambda w, g: nn.init.xavier_normal_(w, math.sqrt(2), generator=g)),
        ("orthogonal", lambda w, g: nn.init.orthogonal_(w, math.sqrt(2), generator=g)),
    ],
)
@pytest.mark.parametrize("layer", [linear_layer(7, 11), conv_layer(3, 5, (3, 1))])
def test_weights_are_those_that_torch_draws_from_the_same_generator(
    layer: nn.Linear | nn.Conv2d, method: str, fill: object
) -> None:
    initialise(layer, method, "relu", seeded(3))
    reference = torch.empty_like(layer.weight)
    fill(reference, seeded(3))  # type: ignore[operator]
    torch.testing.assert_close(layer.weight.detach(), reference, rtol=1e-6, atol=0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(40, 90), (90, 40), (60, 60)])
def test_orthogonal_weights_keep_lengths_times_the_gain(
    activation: str, n_inputs: int, n_outputs: int
) -> None:
    weight = drawn("orthogonal", activation, n_inputs, n_outputs)
    short = weight if n_outputs <= n_inputs else weight.T  # its rows are orthogonal
    expected = GAINS[activation] ** 2 * torch.eye(len(short))
    torch.testing.assert_close(short @ short.T, expected, atol=1e-4, rtol=0)


def test_biases_are_set_to_zero_and_a_layer_may_have_none() -> None:
    layer = linear_layer(3, 5)
    nn.init.ones_(layer.bias)
    initialise(layer, "auto", "relu", seeded(0))
    assert torch.equal(layer.bias, torch.zeros(5))
    initialise(linear_layer(3, 5, bias=False), "orthogonal", "relu", seeded(0))


def test_making_and_initialising_layers_draws_nothing_from_the_global_generator() -> None:
    before = torch.get_rng_state()
    for method in INITIALIZATION_NAMES:
        for layer in (linear_layer(3, 5), conv_layer(3, 5, (3, 3))):
            initialise(layer, method, "tanh", seeded(0))
    for name in NORM_NAMES:
        norm_layer(name, 3, 1), norm_layer(name, 3, 2)
    drop(torch.ones(4, 3), 0.5, seeded(0))
    drop_channels(torch.ones(4, 3, 2), 0.5, seeded(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_preserves_the_mean() -> None:
    dropped = drop(torch.full((1000, 1000), 2.0), 0.3, seeded(0))
    assert dropped.mean().item() == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_dropout_zeroes_its_rate_and_scales_the_others(rate: float) -> None:
    dropped = drop(torch.ones(1000, 1000), rate, seeded(0))
    assert (dropped == 0).float().mean().item() == pytest.approx(rate, abs=0.003)
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 1 / (1 - rate)]))


def test_what_is_dropped_has_no_gradient() -> None:
    x = torch.ones(20, 20, requires_grad=True)
    dropped = drop(x, 0.5, seeded(0))
    dropped.sum().backward()
    assert torch.equal(x.grad, dropped.detach())


@pytest.mark.parametrize("sides", [(), (7,), (5, 4)])
def test_whole_channels_are_dropped_and_the_others_scaled(sides: tuple[int, ...]) -> None:
    dropped = drop_channels(torch.ones(300, 200, *sides), 0.3, seeded(0))
    channels = dropped.flatten(2) if sides else dropped.unsqueeze(2)
    assert torch.equal(channels.amin(2), channels.amax(2))
    # Four standard errors of a share of 60,000 channels.
    assert (channels[:, :, 0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.0075)
    torch.testing.assert_close(dropped.unique(), torch.tensor([0.0, 1 / 0.7]))


def test_channels_are_dropped_by_the_given_generator() -> None:
    x = torch.randn(6, 5, 4, 3, generator=seeded(9))
    kept = torch.rand(6, 5, generator=seeded(7)) >= 0.4
    expected = x * kept[:, :, None, None] / 0.6
    torch.testing.assert_close(drop_channels(x, 0.4, seeded(7)), expected)
