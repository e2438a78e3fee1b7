"""ResNet-18: the names and shapes that are published, and what they compute."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from truetune.models.inputs import Inputs
from truetune.models.resnet18 import ResNet18, ResNet18Config, build

# Weights of norms, and the averages that they keep.
_NORM = ("weight", "bias", "running_mean", "running_var")


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def rows(*shape: int) -> Tensor:
    return torch.randn(4, *shape, generator=seeded(9))


@pytest.fixture(scope="module")
def imagenet() -> ResNet18:
    return build(Inputs((3, 224, 224)), 1000, seeded(1))


def norm_shapes(name: str, n: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{part}": (n,) for part in _NORM} | {f"{name}.num_batches_tracked": ()}


def published_shapes() -> dict[str, tuple[int, ...]]:
    """The names in torchvision's file of weights, `resnet18-f37072fd.pth`, and their shapes."""
    shapes = {"conv1.weight": (64, 3, 7, 7), **norm_shapes("bn1", 64)}
    n_in = 64
    for stage, n in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            prefix = f"layer{stage}.{block}"
            shapes[f"{prefix}.conv1.weight"] = (n, n_in, 3, 3)
            shapes |= norm_shapes(f"{prefix}.bn1", n)
            shapes[f"{prefix}.conv2.weight"] = (n, n, 3, 3)
            shapes |= norm_shapes(f"{prefix}.bn2", n)
            if n_in != n:
                shapes[f"{prefix}.downsample.0.weight"] = (n, n_in, 1, 1)
                shapes |= norm_shapes(f"{prefix}.downsample.1", n)
            n_in = n
    return {**shapes, "fc.weight": (1000, 512), "fc.bias": (1000,)}


def forward(w: dict[str, Tensor], x: Tensor) -> Tensor:
    """Table 1 of the paper, in torch's functions."""

    def norm(name: str, x: Tensor) -> Tensor:
        weight, bias, mean, var = (w[f"{name}.{part}"] for part in _NORM)
        return F.batch_norm(x, mean, var, weight, bias)

    x = F.relu(norm("bn1", F.conv2d(x, w["conv1.weight"], stride=2, padding=3)))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            shortcut = x
            if stride == 2:
                shortcut = F.conv2d(x, w[f"{name}.downsample.0.weight"], stride=2)
                shortcut = norm(f"{name}.downsample.1", shortcut)
            x = F.conv2d(x, w[f"{name}.conv1.weight"], stride=stride, padding=1)
            x = F.relu(norm(f"{name}.bn1", x))
            x = norm(f"{name}.bn2", F.conv2d(x, w[f"{name}.conv2.weight"], padding=1))
            x = F.relu(x + shortcut)
    return F.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


def test_names_and_shapes_are_the_published_ones_in_their_order(imagenet: ResNet18) -> None:
    shapes = [(name, tuple(tensor.shape)) for name, tensor in imagenet.state_dict().items()]
    assert shapes == [*published_shapes().items()]
    assert len(shapes) == 122


def test_number_of_parameters_is_the_published_one(imagenet: ResNet18) -> None:
    assert sum(p.numel() for p in imagenet.parameters()) == 11_689_512


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 33, 20), (70,)])
def test_forward_is_that_of_the_published_layout(shape: tuple[int, ...]) -> None:
    network = build(Inputs(shape), 7, seeded(1))
    network(rows(*shape))  # averages that are not zero and one
    pictures = rows(*shape).reshape(4, *[1] * (3 - len(shape)), *shape)
    expected = forward(network.state_dict(), pictures)
    assert expected.shape == (4, 7)
    torch.testing.assert_close(network.eval()(rows(*shape)), expected, rtol=1e-4, atol=1e-4)


def test_other_channels_and_outputs_change_the_first_and_the_last_layer_alone() -> None:
    network = build(Inputs((1, 28, 28)), 10, seeded(1))
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    other = {"conv1.weight": (64, 1, 7, 7), "fc.weight": (10, 512), "fc.bias": (10,)}
    assert shapes == published_shapes() | other


def test_weights_have_the_deviation_of_he_initialisation(imagenet: ResNet18) -> None:
    for layer in imagenet.modules():
        if isinstance(layer, nn.Conv2d):
            deviation = math.sqrt(2 / layer.weight[0].numel())
            assert layer.weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert imagenet.fc.weight.std().item() == pytest.approx(math.sqrt(1 / 512), rel=0.01)
    assert not imagenet.fc.bias.any()


def test_layers_are_the_first_convolution_eight_blocks_and_the_output(
    imagenet: ResNet18,
) -> None:
    names = {id(module): name for name, module in imagenet.named_modules()}
    assert [[names[id(part)] for part in layer] for layer in imagenet.groups()] == [
        ["conv1", "bn1"],
        *([f"layer{stage}.{block}"] for stage in (1, 2, 3, 4) for block in (0, 1)),
        ["fc"],
    ]


def test_averages_are_dropped_before_the_output() -> None:
    network = build(Inputs((3, 32, 32)), 7, seeded(1), dropout_last=0.5).eval()
    x, seen = rows(3, 32, 32), []
    network.layer4.register_forward_hook(lambda *values: seen.append(values[2]))
    dropped = network(x, seeded(7))
    kept = torch.rand(4, 512, generator=seeded(7)) >= 0.5
    torch.testing.assert_close(dropped, network.fc(seen[0].mean((2, 3)) * kept / 0.5))
    torch.testing.assert_close(network(x), network.fc(seen[0].mean((2, 3))))


@pytest.mark.parametrize("rate", [-0.1, 1.0, math.nan, "half"])
def test_impossible_configuration_is_refused(rate: object) -> None:
    with pytest.raises(ValueError, match="`dropout_last` is a number from 0, less than 1, but"):
        ResNet18Config(dropout_last=rate)
