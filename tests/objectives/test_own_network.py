"""A network of the user's own: built, seeded, called, named and predicted with like ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, nn

from truetune.models.inputs import Inputs
from truetune.objectives import own_network
from truetune.objectives.contracts import Assignment
from truetune.objectives.files import PREDICTIONS, WEIGHTS, save
from truetune.objectives.guard.predicting import Network, Unit, predictions_of
from truetune.objectives.own_network import OwnNetwork
from truetune.objectives.preparation import develop
from truetune.objectives.trainer import EagerPack
from truetune.spaces import load

FLAT = Path(__file__).resolve().parents[1] / "flat.yaml"
HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = HEAD + (
    "def build(inputs, n_outputs, width=8, rate=0.5):\n"
    "    layers = nn.Linear(inputs.n, width), nn.BatchNorm1d(width), nn.Dropout(rate)\n"
    "    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, n_outputs))\n"
)
Build = Callable[..., OwnNetwork]
ROWS = torch.linspace(-1, 1, 24).reshape(6, 4)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build the network that some code makes of four numbers, with two outputs."""

    def create(code: str = NET, seed: int = 0, **parameters: Any) -> OwnNetwork:
        path = tmp_path / "net.py"
        path.write_text(code)
        own_network._function.cache_clear()
        generator = Generator().manual_seed(seed)
        return own_network.build(f"{path}:build", Inputs((4,)), 2, generator, **parameters)

    return create


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_its_weights_are_a_function_of_the_seed(build: Build) -> None:
    first, second, other = build(seed=1), build(seed=1), build(seed=2)
    assert same(first.state_dict(), second.state_dict())
    assert not same(first.state_dict(), other.state_dict())


def test_what_it_draws_in_a_step_is_a_function_of_the_steps_generator(build: Build) -> None:
    network = build()
    found = [network(ROWS, Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_each_call_in_a_step_draws_anew(build: Build) -> None:
    network, generator = build(), Generator().manual_seed(3)
    assert not torch.equal(network(ROWS, generator), network(ROWS, generator))


def test_torchs_own_generator_is_left_as_it_was(build: Build) -> None:
    before = torch.random.get_rng_state()
    network = build()
    network(ROWS, Generator().manual_seed(3))
    network.eval()(ROWS)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_drops_and_averages_in_training_only(build: Build) -> None:
    network = build()
    averages = network.state_dict()["2.running_mean"].clone()
    assert network.eval().training is False
    assert torch.equal(network(ROWS), network(ROWS))
    assert torch.equal(network.state_dict()["2.running_mean"], averages)
    network.train()(ROWS, Generator().manual_seed(0))
    assert not torch.equal(network.state_dict()["2.running_mean"], averages)


def test_weights_have_the_names_that_the_module_gives_them(build: Build) -> None:
    plain = nn.Sequential(
        nn.Flatten(), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)
    )
    network = build()
    assert [*network.state_dict()] == [*plain.state_dict()]
    assert [name for name, _ in network.named_parameters()] == [
        name for name, _ in plain.named_parameters()
    ]
    network.load_state_dict(plain.state_dict())
    assert torch.equal(network.eval()(ROWS), plain.eval()(ROWS))


def test_other_weights_can_be_put_in_for_a_call(build: Build) -> None:
    network, other = build(seed=1).eval(), build(seed=2).eval()
    found = torch.func.functional_call(network, other.state_dict(), (ROWS,))
    assert torch.equal(found, other(ROWS))
    assert not torch.equal(found, network(ROWS))


def test_it_moves_as_a_whole(build: Build) -> None:
    network = build().to(torch.float64).eval()
    assert network(ROWS.double()).dtype == torch.float64


def names(network: OwnNetwork) -> list[set[str]]:
    """Return the names of the parameters in each group."""
    known = {id(p): name for name, p in network.named_parameters()}
    groups = network.groups()
    return [{known[id(p)] for module in group for p in module.parameters()} for group in groups]


def test_groups_are_its_children_from_the_input_to_the_output(build: Build) -> None:
    assert names(build()) == [
        {"1.weight", "1.bias"},
        {"2.weight", "2.bias"},
        {"4.weight", "4.bias"},
    ]


def test_each_parameter_is_in_one_group(build: Build) -> None:
    code = HEAD + (
        "class build(nn.Module):\n"
        "    def __init__(self, inputs, n_outputs):\n"
        "        super().__init__()\n"
        "        self.scale = nn.Parameter(torch.ones(4))\n"
        "        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])\n"
        "        self.nothing = nn.ReLU()\n"
        "        self.back = nn.Linear(4, 4)\n"
        "        self.back.weight = self.blocks[0].weight\n"
        "        self.head = nn.Linear(4, n_outputs)\n\n"
        "    def forward(self, x):\n"
        "        for layer in (*self.blocks, self.back, self.head):\n"
        "            x = layer(x * self.scale)\n"
        "        return x\n"
    )
    assert names(build(code)) == [
        {"scale"},
        {"blocks.1.weight", "blocks.1.bias"},
        {"blocks.0.weight", "blocks.0.bias", "back.bias"},
        {"head.weight", "head.bias"},
    ]


def test_a_layer_that_finds_its_own_size_is_ready(build: Build) -> None:
    code = HEAD + "def build(inputs, n_outputs):\n    return nn.LazyLinear(n_outputs)\n"
    first, second = build(code, seed=1), build(code, seed=1)
    assert same(first.state_dict(), second.state_dict())
    assert first.state_dict()["weight"].shape == (2, 4)


def test_a_text_is_tried_with_a_word(tmp_path: Path) -> None:
    code = HEAD + (
        "class build(nn.Module):\n"
        "    def __init__(self, inputs, n_outputs):\n"
        "        super().__init__()\n"
        "        self.words = nn.EmbeddingBag(inputs.n_words, n_outputs)\n\n"
        "    def forward(self, x):\n"
        "        assert (x > 0).any(1).all(), 'a text without a word'\n"
        "        return self.words(x.long())\n"
    )
    (tmp_path / "words.py").write_text(code)
    inputs = Inputs((7,), n_words=20)
    network = own_network.build(f"{tmp_path}/words.py:build", inputs, 3, Generator())
    assert network(torch.ones(5, 7)).shape == (5, 3)


@pytest.mark.parametrize(
    ("returned", "kind", "message"),
    [
        ("[1, 2]", TypeError, "net.py:build returns an nn.Module, but got a list of 2."),
        (
            "nn.LSTM(4, 2)",
            TypeError,
            "the module of net.py:build returns a tensor (rows, 2), but got a tuple of 2.",
        ),
        (
            "nn.Linear(4, 3)",
            ValueError,
            "the module of net.py:build maps two rows to outputs of shape (2, 2), but got (2, 3).",
        ),
        (
            "nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))",
            ValueError,
            "the module of net.py:build maps two rows to outputs of shape (2, 2), but got (2,).",
        ),
        (
            "nn.AdaptiveAvgPool1d(2)",
            ValueError,
            "net.py:build returns a module to train, but it has no parameters.",
        ),
        ("exit(3)", RuntimeError, "net.py:build raised SystemExit: 3"),
        ("1 / 0", ZeroDivisionError, "division by zero"),
    ],
)
def test_what_is_no_network_is_told(
    returned: str, kind: type[Exception], message: str, build: Build
) -> None:
    before = torch.random.get_rng_state()
    with pytest.raises(kind) as raised:
        build(HEAD + f"def build(inputs, n_outputs):\n    return {returned}\n")
    assert str(raised.value) == message
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_it_prints_goes_to_standard_error(
    build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    code = NET.replace("    layers", "    print('built')\n    layers") + "\nprint('imported')\n"
    build(code)(ROWS, Generator())
    out, error = capfd.readouterr()
    assert (out, error.split()) == ("", ["imported", "built"])


def test_the_process_that_predicts_says_what_the_trainer_stored(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(f"print('imported')\n{NET}")
    overrides = {
        "data.source": "sklearn:iris",
        "model": f"{tmp_path}/net.py:build",
        "training": {"epochs": 4, "early_stopping": {"patience": 2}},
        "parameters": {"width": 4, "learning_rate": 0.05},
    }
    experiment = load(FLAT, overrides)
    configuration = experiment.space.default()
    development = develop(experiment)
    pack = EagerPack(Assignment(0, configuration, seed=7), experiment, development, "cpu")
    while pack.advance()[-1].kept_epoch is None:
        pass
    save(pack.results(0), tmp_path, with_weights=True)
    (fold,) = development.folds
    network = Network(0, configuration, str(tmp_path / WEIGHTS))
    units = [Unit(fold.target_mean, fold.target_scale)]
    (found,) = predictions_of(
        [network], [fold.x_validation], development.inputs, units, experiment, 3
    )
    np.testing.assert_array_equal(found, np.load(tmp_path / PREDICTIONS))
