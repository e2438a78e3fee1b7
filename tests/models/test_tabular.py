"""The residual network for tables, held against torch's own modules and the paper's equations."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models import ACTIVATION_NAMES, INITIALIZATION_NAMES, NORM_NAMES
from truetune.models.inputs import Inputs
from truetune.models.tabular import Tabular, TabularConfig, build, embedding_size_of

N_ROWS = 50

# A number, three levels, two numbers, five levels, a number.
MIXED = Inputs((12,), categories=((1, 4), (6, 11)))
SMALL = {"layers": 2, "hidden_units": 8}


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def levels() -> tuple[Tensor, Tensor]:
    """The level of each row in both categories."""
    first = torch.randint(3, (N_ROWS,), generator=seeded(2))
    return first, torch.randint(5, (N_ROWS,), generator=seeded(3))


@pytest.fixture
def rows() -> Tensor:
    x = torch.randn(N_ROWS, 12, generator=seeded(9))
    first, second = levels()
    x[:, 1:4] = nn.functional.one_hot(first, 3)
    x[:, 6:11] = nn.functional.one_hot(second, 5)
    return x


@pytest.fixture
def numbers() -> Tensor:
    return torch.randn(N_ROWS, 4, generator=seeded(9))


class Residual(nn.Module):
    """ResNetBlock, from torch's own modules."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.inner = nn.Sequential(norm, nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def reference_of(network: Tabular, norm: type[nn.Module]) -> nn.Sequential:
    """Return ResNet as the paper writes it, with the weights of a network of numbers alone."""
    blocks = [Residual(norm(8)) for _ in network.blocks]
    reference = nn.Sequential(nn.Linear(4, 8), *blocks, norm(8), nn.ReLU(), nn.Linear(8, 3))
    reference[0].load_state_dict(network.input.state_dict())
    for theirs, ours in zip(blocks, network.blocks, strict=True):
        for part, layer in zip("013", (ours.norm, ours.first, ours.second), strict=True):
            theirs.inner.get_submodule(part).load_state_dict(layer.state_dict())
    reference[-3].load_state_dict(network.norm.state_dict())
    reference[-1].load_state_dict(network.output.state_dict())
    return reference


def randomised(network: Tabular) -> Tabular:
    """Give all parameters and running averages values of their own, as training does."""
    draws = seeded(5)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=draws)
            tensor.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise)
    return network


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(
    ("norm", "kind"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm), ("none", nn.Identity)]
)
@pytest.mark.parametrize("training", [True, False])
def test_forward_equals_the_papers_network_with_the_same_weights(
    layers: int, norm: str, kind: type[nn.Module], training: bool, numbers: Tensor
) -> None:
    network = build(Inputs((4,)), 3, seeded(1), layers=layers, hidden_units=8, norm=norm)
    reference = reference_of(randomised(network), kind)
    network.train(training)
    reference.train(training)
    torch.testing.assert_close(network(numbers), reference(numbers))
    averages = [t for n, t in network.state_dict().items() if "running" in n]
    expected = [t for n, t in reference.state_dict().items() if "running" in n]
    assert len(averages) == (2 * (layers + 1) if norm == "batch" else 0)
    for ours, theirs in zip(averages, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_running_averages_follow_training_rows_alone(numbers: Tensor) -> None:
    network = build(Inputs((4,)), 3, seeded(1), **SMALL)
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network(numbers)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    network.train()
    network(numbers, seeded(7))
    norm, units = network.blocks[0].norm, network.input(numbers)
    torch.testing.assert_close(norm.running_mean, 0.1 * units.mean(0))


def test_an_embedding_is_the_vector_of_a_rows_level(rows: Tensor) -> None:
    network = build(MIXED, 3, seeded(1), **SMALL)
    vectors = [
        nn.Embedding.from_pretrained(ours.weight.detach())(level)
        for ours, level in zip(network.embeddings, levels(), strict=True)
    ]
    x = torch.cat([rows[:, [0, 4, 5, 11]], *vectors], dim=1)
    without = build(Inputs((x.shape[1],)), 3, seeded(0), **SMALL)
    state = network.state_dict()
    without.load_state_dict({n: t for n, t in state.items() if not n.startswith("embeddings")})
    torch.testing.assert_close(network(rows), without(x))


def test_the_gradient_of_an_embedding_is_that_of_torchs_own(rows: Tensor) -> None:
    network = build(MIXED, 3, seeded(1), **SMALL, norm="none")
    reference = [nn.Embedding.from_pretrained(e.weight.detach()) for e in network.embeddings]
    vectors = [e.requires_grad_()(n) for e, n in zip(reference, levels(), strict=True)]
    embedded = network._embedded(rows)
    direction = torch.randn(embedded.shape, generator=seeded(4))
    (embedded * direction).sum().backward()
    (torch.cat([rows[:, [0, 4, 5, 11]], *vectors], dim=1) * direction).sum().backward()
    for ours, theirs in zip(network.embeddings, reference, strict=True):
        torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_a_row_without_a_level_has_zeros_for_an_embedding(rows: Tensor) -> None:
    network = build(MIXED, 3, seeded(1), **SMALL, embedding_size=2)
    rows[:, 6:11] = 0
    embedded = network._embedded(rows)
    assert embedded.shape == (N_ROWS, 4 + 2 + 2)
    assert torch.equal(embedded[:, 6:], torch.zeros(N_ROWS, 2))
    assert embedded[:, 4:6].abs().min() > 0


@pytest.mark.parametrize(
    ("categories", "numbers"),
    [
        ((), [0, 1, 2, 3, 4, 5]),
        (((0, 2),), [2, 3, 4, 5]),
        (((4, 6),), [0, 1, 2, 3]),
        (((0, 2), (2, 4)), [4, 5]),
        (((4, 6), (0, 2)), [2, 3]),
        (((0, 3), (3, 6)), []),
    ],
)
def test_numbers_are_all_columns_that_are_no_categorys(
    categories: tuple[tuple[int, int], ...], numbers: list[int]
) -> None:
    network = build(Inputs((6,), categories=categories), 3, seeded(1), **SMALL)
    x = torch.randn(N_ROWS, 6, generator=seeded(9))
    products = [
        x[:, first:end] @ embedding.weight
        for (first, end), embedding in zip(categories, network.embeddings, strict=True)
    ]
    torch.testing.assert_close(network._embedded(x), torch.cat([x[:, numbers], *products], dim=1))
    assert network(x).shape == (N_ROWS, 3)


# 1.6 n^0.56 is 1.6, 2.36, 2.96, 5.81, 21.09, 76.59, 599.1 and 3,664.
@pytest.mark.parametrize(
    ("n_levels", "size"),
    [(1, 2), (2, 2), (3, 3), (10, 6), (100, 21), (1000, 77), (39_418, 599), (10**6, 600)],
)
def test_an_embedding_grows_slower_than_the_levels(n_levels: int, size: int) -> None:
    assert embedding_size_of(n_levels) == size


@pytest.mark.parametrize(("given", "sizes"), [(None, [3, 4]), (7, [7, 7])])
def test_embeddings_have_the_size_that_is_given_or_their_own(
    given: int | None, sizes: list[int]
) -> None:
    network = build(MIXED, 3, seeded(1), **SMALL, embedding_size=given)
    assert [e.weight.shape for e in network.embeddings] == [(3, sizes[0]), (5, sizes[1])]
    assert network.input.weight.shape == (8, 4 + sum(sizes))


def test_units_are_dropped_after_both_layers_of_a_block_and_before_the_output(
    numbers: Tensor,
) -> None:
    network = build(Inputs((4,)), 3, seeded(1), **SMALL, dropout=0.4, dropout_last=0.2)
    draws = seeded(7)

    def kept(rate: float) -> Tensor:
        return (torch.rand(N_ROWS, 8, generator=draws) >= rate) / (1 - rate)

    x = network.input(numbers)
    for block in network.blocks:
        units = torch.relu(block.first(block.norm(x))) * kept(0.4)
        x = x + block.second(units) * kept(0.4)
    expected = network.output(torch.relu(network.norm(x)) * kept(0.2))
    torch.testing.assert_close(network(numbers, seeded(7)), expected)


def test_nothing_is_dropped_without_a_generator(numbers: Tensor) -> None:
    options = {"dropout": 0.5, "dropout_last": 0.5}
    network = build(Inputs((4,)), 3, seeded(1), **SMALL, **options)
    network.eval()
    reference = reference_of(network, nn.BatchNorm1d).eval()
    torch.testing.assert_close(network(numbers), reference(numbers))
    assert not torch.equal(network(numbers, seeded(7)), network(numbers))


def test_weights_have_the_deviations_of_their_places() -> None:
    inputs = Inputs((900,), categories=((0, 500),))
    options = {"layers": 1, "hidden_units": 600, "embedding_size": 200}
    network = build(inputs, 300, seeded(0), **options)
    block = network.blocks[0]
    expected = {
        network.embeddings[0].weight: 1,
        network.input.weight: math.sqrt(1 / (400 + 200)),
        block.first.weight: math.sqrt(2 / 600),
        block.second.weight: math.sqrt(1 / 600),
        network.output.weight: math.sqrt(1 / 600),
    }
    for weight, deviation in expected.items():
        error = 4 / math.sqrt(2 * weight.numel())  # four standard errors
        assert weight.std().item() == pytest.approx(deviation, rel=error)
    biases = (network.input.bias, block.first.bias, block.second.bias, network.output.bias)
    assert all(torch.equal(bias, torch.zeros_like(bias)) for bias in biases)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("norm", NORM_NAMES)
def test_a_gradient_reaches_every_parameter_and_each_is_of_one_layer(
    activation: str, norm: str, rows: Tensor
) -> None:
    network = build(MIXED, 3, seeded(1), **SMALL, activation=activation, norm=norm)
    network(rows, seeded(7)).square().sum().backward()
    parameters = dict(network.named_parameters())
    # Batch norm takes the mean away, and with it every bias of what it is the norm of.
    summed = {"input.bias", "blocks.0.second.bias", "blocks.1.second.bias"}
    gone = summed if norm == "batch" else set()
    assert {n for n, p in parameters.items() if p.grad.abs().max() < 1e-4} == gone
    grouped = [id(p) for layer in network.groups() for part in layer for p in part.parameters()]
    assert sorted(grouped) == sorted(id(p) for p in parameters.values())


def test_groups_are_the_layers_from_input_to_output() -> None:
    of_numbers = build(Inputs((4,)), 3, seeded(1), **SMALL)
    inner = [[of_numbers.input], *([block] for block in of_numbers.blocks)]
    assert of_numbers.groups() == [*inner, [of_numbers.output, of_numbers.norm]]
    mixed = build(MIXED, 3, seeded(1), **SMALL)
    assert mixed.groups()[:2] == [[mixed.embeddings], [mixed.input]]


@pytest.mark.parametrize("initialization", INITIALIZATION_NAMES)
def test_all_of_a_network_is_drawn_from_the_given_generators(
    initialization: str, rows: Tensor
) -> None:
    options = {**SMALL, "initialization": initialization, "dropout": 0.5, "dropout_last": 0.5}
    before = torch.get_rng_state()
    first, again, other = (
        build(MIXED, 3, seeded(seed), **options)(rows, seeded(7)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_pictures_are_the_rows_of_their_pixels() -> None:
    network = build(Inputs((2, 3, 4)), 3, seeded(1), **SMALL)
    pictures = torch.randn(10, 2, 3, 4, generator=seeded(9))
    assert torch.equal(network(pictures), network(pictures.reshape(10, 24)))


@pytest.mark.parametrize(
    ("parameter", "value", "rule"),
    [
        ("layers", 0, "a whole number from 1, but got 0."),
        ("hidden_units", [8, 8], "a whole number from 1, but got [8, 8]."),
        ("hidden_units", 0, "a whole number from 1, but got 0."),
        ("dropout", 1.0, "a number from 0, less than 1, but got 1.0."),
        ("dropout", math.nan, "a number from 0, less than 1, but got nan."),
        ("dropout_last", -0.1, "a number from 0, less than 1, but got -0.1."),
        ("activation", "sigmoid", f"one of {', '.join(ACTIVATION_NAMES)}, but got 'sigmoid'."),
        ("norm", True, "one of none, batch, layer, but got True."),
        ("embedding_size", 0, "a whole number from 1, but got 0."),
        ("embedding_size", 2.5, "a whole number from 1, but got 2.5."),
        ("initialization", "", f"one of {', '.join(INITIALIZATION_NAMES)}, but got ''."),
    ],
)
def test_impossible_configuration_is_refused(parameter: str, value: object, rule: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'`{parameter}` is {rule}')}$"):
        TabularConfig(**{parameter: value})
