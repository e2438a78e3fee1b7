"""The recurrent networks, held against the equations of their cells and torch's own stack."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from truetune.models.inputs import Inputs
from truetune.models.recurrent import Recurrent, RecurrentConfig, build

CELLS = ("lstm", "gru")

N_ROWS, N_STEPS, N_FEATURES = 6, 5, 3

SMALL = {"hidden_units": 4, "embedding_size": 3}  # of networks that read words


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows(*shape: int) -> Tensor:
    return torch.randn(N_ROWS, *shape, generator=seeded(9))


def network_of(cell: str, shape: tuple[int, ...] = (5, 3), **parameters: Any) -> Recurrent:
    """Build a network, its biases not only zeros and ones."""
    options = {"hidden_units": 4} | parameters
    network = build(Inputs(shape), 2, seeded(1), cell=cell, **options)
    draws = seeded(2)
    for name, parameter in network.named_parameters():
        if "bias" in name:
            nn.init.normal_(parameter, generator=draws)
    return network


def reader(cell: str, n_words: int = 9, **parameters: Any) -> Recurrent:
    """Build a network that reads texts of six words at most."""
    options = SMALL | parameters
    return build(Inputs((6,), n_words=n_words), 2, seeded(1), cell=cell, **options)


TEXTS = torch.tensor(
    [[3, 1, 4, 1, 5, 8], [2, 7, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0], [2, 7, 1, 8, 0, 0]],
    dtype=torch.float32,
)


def last_state(cell: str, weights: dict[str, Tensor], x: Tensor, suffix: str = "") -> Tensor:
    """Read (rows, steps, features) by the equations of a cell, as torch's pages have them."""
    w_i, w_h, b_i, b_h = (
        weights[f"{name}_l0{suffix}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    h = c = torch.zeros(len(x), w_h.shape[1])
    for x_t in x.unbind(1):
        of_input, of_state = x_t @ w_i.T + b_i, h @ w_h.T + b_h
        if cell == "lstm":
            i, f, g, o = (of_input + of_state).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        else:
            (r_i, z_i, n_i), (r_h, z_h, n_h) = of_input.chunk(3, dim=1), of_state.chunk(3, dim=1)
            r, z = torch.sigmoid(r_i + r_h), torch.sigmoid(z_i + z_h)
            n = torch.tanh(n_i + r * n_h)
            h = (1 - z) * n + z * h
    return h


@pytest.mark.parametrize("cell", CELLS)
def test_last_state_is_that_of_the_equations(cell: str) -> None:
    network, x = network_of(cell), rows(N_STEPS, N_FEATURES)
    expected = last_state(cell, network.recurrent[0].state_dict(), x)
    torch.testing.assert_close(network(x), network.output(expected))


@pytest.mark.parametrize("cell", CELLS)
def test_each_direction_is_read_out_at_its_own_end(cell: str) -> None:
    network, x = network_of(cell, bidirectional=True), rows(N_STEPS, N_FEATURES)
    weights = network.recurrent[0].state_dict()
    forward = last_state(cell, weights, x)
    backward = last_state(cell, weights, x.flip(1), "_reverse")
    torch.testing.assert_close(network(x), network.output(torch.cat([forward, backward], 1)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [True, False])
def test_layers_are_torchs_stack_of_them(cell: str, bidirectional: bool) -> None:
    network = network_of(cell, layers=3, bidirectional=bidirectional)
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
    stack = kind(N_FEATURES, 4, 3, batch_first=True, bidirectional=bidirectional)
    for i, layer in enumerate(network.recurrent):
        for name, tensor in layer.state_dict().items():
            stack.get_parameter(name.replace("_l0", f"_l{i}")).data.copy_(tensor)
    x = rows(N_STEPS, N_FEATURES)
    states, _ = stack(x)
    read = torch.cat([states[:, -1, :4], states[:, 0, 4:]], 1)
    torch.testing.assert_close(network(x), network.output(read))


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_of_numbers_is_read_number_by_number(cell: str) -> None:
    numbers, steps = (network_of(cell, shape) for shape in ((7,), (7, 1)))
    assert torch.equal(numbers(rows(7)), steps(rows(7).unsqueeze(2)))


@pytest.mark.parametrize("cell", CELLS)
def test_a_picture_is_read_column_by_column(cell: str) -> None:
    pictures, steps = (network_of(cell, shape) for shape in ((2, 3, 4), (4, 6)))
    x = rows(2, 3, 4)
    columns = torch.stack([x[..., i].flatten(1) for i in range(4)], 1)
    assert torch.equal(pictures(x), steps(columns))


@pytest.mark.parametrize("cell", CELLS)
def test_units_are_dropped_between_layers_and_before_the_output(cell: str) -> None:
    network = network_of(cell, layers=2, dropout=0.3, dropout_last=0.5)
    x, draws = rows(N_STEPS, N_FEATURES), seeded(7)
    first, second = network.recurrent
    states, _ = first(x)
    states = states * (torch.rand(states.shape, generator=draws) >= 0.3) / 0.7
    read = second(states)[0][:, -1]
    read = read * (torch.rand(read.shape, generator=draws) >= 0.5) / 0.5
    torch.testing.assert_close(network(x, seeded(7)), network.output(read))
    plain = network_of(cell, layers=2)
    assert torch.equal(network(x), plain(x))
    assert torch.equal(plain(x, seeded(7)), plain(x))


# What is drawn.


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_weights_are_orthogonal_gate_by_gate(cell: str) -> None:
    network = build(Inputs((5, 3)), 2, seeded(1), cell=cell, hidden_units=32, bidirectional=True)
    layer = network.recurrent[0]
    n_gates = {"lstm": 4, "gru": 3}[cell]
    for name in ("weight_hh_l0", "weight_hh_l0_reverse"):
        gates = layer.get_parameter(name).chunk(n_gates)
        assert len({gate[0, 0].item() for gate in gates}) == n_gates
        for gate in gates:
            torch.testing.assert_close(gate @ gate.T, torch.eye(32), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_input_weights_have_the_deviation_of_glorot_of_one_gate(cell: str) -> None:
    network = build(Inputs((5, 200)), 2, seeded(1), cell=cell, hidden_units=100)
    weight = network.recurrent[0].weight_ih_l0
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (200 + 100)), rel=0.02)
    assert network.output.weight.std().item() == pytest.approx(0.1, rel=0.15)


def test_forget_gates_of_an_lstm_are_open_and_all_other_biases_zero() -> None:
    network = build(
        Inputs((5, 3)), 2, seeded(1), cell="lstm", hidden_units=4, layers=2, bidirectional=True
    )
    expected = torch.tensor([0.0] * 4 + [1.0] * 4 + [0.0] * 8)  # input, forget, cell, output
    for layer in network.recurrent:
        for suffix in ("_l0", "_l0_reverse"):
            biases = (layer.get_parameter(f"bias_{part}{suffix}") for part in ("ih", "hh"))
            assert torch.equal(sum(biases), expected)
    assert not network.output.bias.any()


def test_biases_of_a_gru_start_at_zero() -> None:
    network = build(Inputs((5, 3)), 2, seeded(1), cell="gru", hidden_units=4, layers=2)
    assert not any(p.any() for name, p in network.named_parameters() if "bias" in name)


def test_word_vectors_are_standard_normal_and_that_of_no_word_is_zeros() -> None:
    weight = reader("lstm", n_words=1000, embedding_size=50).embedding.weight
    assert weight.shape == (1000, 50)
    assert not weight[0].any()
    assert weight[1:].mean().item() == pytest.approx(0, abs=0.02)
    assert weight[1:].std().item() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_draws_from_the_given_generators_alone(cell: str) -> None:
    before = torch.get_rng_state()
    options = {"layers": 2, "dropout": 0.5, "dropout_last": 0.5}
    first, again = (reader(cell, **options)(TEXTS, seeded(7)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(reader(cell, **options)(TEXTS, seeded(8)), first)


# Texts.


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_is_read_by_the_vectors_of_its_words(cell: str) -> None:
    network = reader(cell, bidirectional=True)
    weights = network.recurrent[0].state_dict()
    for text, output in zip(TEXTS, network(TEXTS), strict=True):
        words = [int(word) for word in text if word > 0]
        x = network.embedding.weight[words].unsqueeze(0)  # (1, words, embedding_size)
        ends = (last_state(cell, weights, x), last_state(cell, weights, x.flip(1), "_reverse"))
        torch.testing.assert_close(output, network.output(torch.cat(ends, 1))[0])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
def test_more_padding_changes_no_bit(cell: str, bidirectional: bool, layers: int) -> None:
    network = reader(cell, bidirectional=bidirectional, layers=layers, dropout=0.5)
    padded = torch.cat([TEXTS, torch.zeros(len(TEXTS), 30)], 1)
    assert torch.equal(network(padded), network(TEXTS))
    assert torch.equal(network(padded, seeded(7)), network(TEXTS, seeded(7)))


@pytest.mark.parametrize("cell", CELLS)
def test_texts_can_stand_in_any_order(cell: str) -> None:
    network, order = reader(cell, bidirectional=True), [2, 0, 3, 1]
    torch.testing.assert_close(network(TEXTS[order]), network(TEXTS)[order])


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_without_words_is_read_as_one_that_is_no_word(cell: str) -> None:
    network = reader(cell)
    expected = last_state(cell, network.recurrent[0].state_dict(), torch.zeros(1, 1, 3))
    for texts in (torch.zeros(1, 6), torch.cat([TEXTS, torch.zeros(1, 6)])):
        torch.testing.assert_close(network(texts)[-1:], network.output(expected))


@pytest.mark.parametrize("cell", CELLS)
def test_the_vector_of_no_word_stays_zeros(cell: str) -> None:
    network, texts = reader(cell), torch.cat([TEXTS, torch.zeros(1, 6)])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1, weight_decay=0.1, fused=True)
    before = network.embedding.weight.detach().clone()
    network(texts, seeded(7)).sum().backward()
    optimizer.step()
    assert not network.embedding.weight[0].any()
    assert (network.embedding.weight[1:] != before[1:]).all()


def test_layers_are_the_words_the_recurrent_ones_and_the_output() -> None:
    network = reader("gru", layers=2)
    groups = [[network.embedding], *([layer] for layer in network.recurrent), [network.output]]
    assert network.groups() == groups
    grouped = [p for layer in groups for part in layer for p in part.parameters()]
    assert [id(p) for p in grouped] == [id(p) for p in network.parameters()]


@pytest.mark.parametrize("cell", CELLS)
def test_a_reader_has_the_weights_of_another_without_becoming_it(cell: str) -> None:
    network, other = reader(cell), build(Inputs((6,), n_words=9), 2, seeded(5), cell=cell, **SMALL)
    before = other(TEXTS)
    with torch.inference_mode():
        borrowed = torch.func.functional_call(other, network.state_dict(), (TEXTS,))
    assert torch.equal(borrowed, network(TEXTS))
    assert torch.equal(other(TEXTS), before)
    other(TEXTS, seeded(7)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in other.parameters())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("words", [True, False])
def test_half_precision_gives_nearly_the_same(cell: str, words: bool) -> None:
    options = {"layers": 2, "bidirectional": True}
    network = reader(cell, **options) if words else network_of(cell, **options)
    x = TEXTS if words else rows(N_STEPS, N_FEATURES)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = network(x, seeded(7))
        output.float().sum().backward()
    torch.testing.assert_close(output.float(), network(x), rtol=0.1, atol=0.1)


# Learning.


def losses(network: Recurrent, x: Tensor, y: Tensor, n_steps: int) -> list[float]:
    optimizer, draws = torch.optim.Adam(network.parameters(), lr=0.02), seeded(7)
    values = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(x, draws), y)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values


@pytest.mark.parametrize("cell", CELLS)
def test_it_learns_to_remember_the_first_of_twenty_numbers(cell: str) -> None:
    x = torch.randn(64, 20, generator=seeded(2))
    network = build(Inputs((20,)), 2, seeded(1), cell=cell, hidden_units=16)
    values = losses(network, x, (x[:, 0] > 0).long(), 60)
    assert values[-1] < 0.2 < 0.6 < values[0]


@pytest.mark.parametrize("cell", CELLS)
def test_it_learns_which_word_tells_texts_apart(cell: str) -> None:
    x = torch.randint(3, 20, (64, 8), generator=seeded(2)).float()
    y = torch.arange(64) % 2
    x[:, 3] = torch.where(y == 1, 2.0, 1.0)
    x[:32, 5:] = 0
    network = build(Inputs((8,), n_words=20), 2, seeded(1), cell=cell, hidden_units=16)
    assert losses(network, x, y, 30)[-1] < 0.1


# Refusals.


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"layers": 0}, "`layers` is a whole number from 1, but got 0."),
        ({"hidden_units": 0}, "`hidden_units` is a whole number from 1, but got 0."),
        ({"hidden_units": [8, 8]}, "`hidden_units` is a whole number from 1, but got [8, 8]."),
        ({"bidirectional": 1}, "`bidirectional` is one of true, false, but got 1."),
        ({"dropout": 1.0}, "`dropout` is a number from 0, less than 1, but got 1.0."),
        ({"dropout_last": -0.1}, "`dropout_last` is a number from 0, less than 1, but got -0.1."),
        ({"embedding_size": 0}, "`embedding_size` is a whole number from 1, but got 0."),
    ],
)
def test_impossible_configuration_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        RecurrentConfig(**parameters)
