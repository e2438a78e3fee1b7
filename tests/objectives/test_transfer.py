"""Transfer: weights to begin with, layers that learn one after the other."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from truetune.errors import InputError
from truetune.objectives.transfer import Unfreezing, begin_with

Make = Callable[[], Any]


def trained(network: nn.Module) -> set[str]:
    return {name.partition(".")[0] for name, p in network.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ("every", "by_epoch"),
    [
        (None, {1: 3, 2: 3, 9: 3}),
        (1, {1: 1, 2: 2, 3: 3, 4: 3}),
        (2, {1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 3}),
    ],
)
def test_a_layer_more_learns_every_so_many_epochs_from_the_output_on(
    every: int | None, by_epoch: dict[int, int], make_layered: Make
) -> None:
    network = make_layered()
    unfreezing = Unfreezing(network, every)
    for epoch, n in by_epoch.items():
        network.train()
        unfreezing.begin(epoch)
        layers = [{"first"}, {"second", "norm"}, {"last"}]
        assert trained(network) == set().union(*layers[3 - n :]), epoch


def test_running_averages_of_a_frozen_layer_stand_still(make_layered: Make) -> None:
    network = make_layered()
    unfreezing, x = Unfreezing(network, 1), torch.randn(16, 4)
    before = network.norm.running_mean.clone()
    for epoch, moves in ((1, False), (2, True)):
        network.train()
        unfreezing.begin(epoch)
        network(x)
        assert (not torch.equal(network.norm.running_mean, before)) == moves


@pytest.fixture
def stored(tmp_path: Path, make_layered: Make) -> Callable[[dict[str, Any], str], str]:
    """Write weights into a file of a kind, and return its path."""

    def store(weights: dict[str, Any], suffix: str) -> str:
        path = tmp_path / f"weights{suffix}"
        if suffix == ".safetensors":
            save_file(weights, path)
        else:
            torch.save(weights, path)
        return str(path)

    return store


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_weights_are_those_of_the_file(
    suffix: str, stored: Callable[..., str], make_layered: Make
) -> None:
    source, network = make_layered(), make_layered()
    source(torch.randn(8, 4))  # so that the running averages are no round numbers
    begin_with(network, stored(source.state_dict(), suffix))
    for name, tensor in source.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor), name


def test_weights_may_lie_under_state_dict(stored: Callable[..., str], make_layered: Make) -> None:
    source, network = make_layered(), make_layered()
    begin_with(network, stored({"state_dict": source.state_dict(), "epoch": 3}, ".pt"))
    assert torch.equal(network.first.weight, source.first.weight)


@pytest.mark.parametrize("is_there", [True, False])
def test_output_layer_of_other_classes_keeps_what_it_was_drawn(
    is_there: bool, stored: Callable[..., str], make_layered: Make
) -> None:
    network = make_layered()
    weights = make_layered().state_dict()
    for name in ("last.weight", "last.bias"):
        tensor = weights.pop(name)
        if is_there:
            weights[name] = torch.cat([tensor, tensor])
    drawn = network.last.weight.clone()
    begin_with(network, stored(weights, ".safetensors"))
    assert torch.equal(network.last.weight, drawn)
    assert torch.equal(network.first.weight, weights["first.weight"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda w: {**w, "first.weight": torch.zeros(3, 9)},
            "`first.weight` is (3, 9), not (3, 4)",
        ),
        (lambda w: {"other.bias": w["first.bias"]}, "no `first.weight`, but other.bias"),
    ],
)
def test_weights_of_another_network_are_refused(
    spoil: Any, said: str, stored: Callable[..., str], make_layered: Make
) -> None:
    network = make_layered()
    path = stored(spoil(make_layered().state_dict()), ".safetensors")
    with pytest.raises(InputError) as caught:
        begin_with(network, path)
    assert said in caught.value.cause


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 half a zip"])
def test_file_that_holds_no_weights_is_refused(
    suffix: str, content: bytes, tmp_path: Path, make_layered: Make
) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as weights"):
        begin_with(make_layered(), str(path))


def test_absent_file_is_refused(tmp_path: Path, make_layered: Make) -> None:
    for name in ("none.pt", "none.safetensors"):
        with pytest.raises(InputError, match="there are no weights"):
            begin_with(make_layered(), str(tmp_path / name))


class Trap:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["TRAP"],)


def test_code_in_a_file_is_not_run(
    tmp_path: Path, make_layered: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sprung = tmp_path / "sprung"
    monkeypatch.setenv("TRAP", str(sprung))
    path = tmp_path / "weights.pt"
    torch.save({"first.weight": Trap()}, path)
    with pytest.raises(InputError, match="cannot be read as weights"):
        begin_with(make_layered(), str(path))
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap()))  # noqa: S301 (which would have sprung it)
    assert sprung.exists()


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"epoch": 3}, {"state_dict": 5}])
def test_something_else_than_named_weights_is_refused(
    content: Any, tmp_path: Path, make_layered: Make
) -> None:
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    with pytest.raises(InputError, match="something else than weights"):
        begin_with(make_layered(), str(path))
