"""ResNet-18 by its published layout (He et al. 2015, arXiv:1512.03385, table 1).

- a 7 x 7 convolution in steps of 2, a 3 x 3 maximum in steps of 2, four stages of two blocks with
  64, 128, 256 and 512 channels, the average of each channel, a linear output
- a block is two 3 x 3 convolutions and a shortcut; where a stage halves the sides, the shortcut
  is a 1 x 1 convolution in steps of 2 (option B of section 3.3)
- layers have the names and shapes that they have in torchvision, so that published weights load:
  11,689,512 of them for 3 channels and 1,000 classes, at any height and width
- a row (inputs,) is a picture one pixel high; kernels keep their published sizes all the same
- batch norm after every convolution, which therefore has no bias
- He initialisation, set explicitly: standard deviation sqrt(2 / fan_in); the output layer feeds
  no ReLU and takes sqrt(1 / fan_in); biases start at zero, norms at scale 1 and shift 0
- dropout of the averages before the output, drawn from a generator the caller passes
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch.nn.functional as F
from torch import Generator, Tensor, nn

from . import check
from .inputs import Inputs
from .layers import conv_layer, drop, initialise, linear_layer
from .pictures import as_pictures, picture_shape


@dataclass(frozen=True)
class ResNet18Config:
    dropout_last: float = 0.0  # share of the channels' averages dropped before the output

    def __post_init__(self) -> None:
        check("resnet18", asdict(self))


class BasicBlock(nn.Module):
    """Figure 2, with norms: (rows, n_in, height, width) to (rows, n_out, height / stride, ...)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv_layer(n_in, n_out, (3, 3), stride, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = conv_layer(n_out, n_out, (3, 3), bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Sequential | None = None
        if stride > 1:
            projection = conv_layer(n_in, n_out, (1, 1), stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))  # (rows, n_out, height / stride, width / stride)
        return F.relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet18(nn.Module):
    """See the module's docstring. Maps rows of one of its shapes to (rows, n_outputs)."""

    def __init__(self, inputs: Inputs, n_outputs: int, config: ResNet18Config) -> None:
        super().__init__()
        self.shape = picture_shape(inputs.shape)
        self.conv1 = conv_layer(self.shape[0], 64, (7, 7), stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = linear_layer(512, n_outputs)
        self.dropout_last = config.dropout_last

    def initialise(self, generator: Generator) -> None:
        """Draw all weights, in the order of their names in torchvision."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                initialise(layer, "he", "relu", generator)
        initialise(self.fc, "he", None, generator)

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Return the outputs; with a generator (in training) averages are dropped."""
        x = as_pictures(x, self.shape)
        x = F.relu(self.bn1(self.conv1(x)))  # (rows, 64, height / 2, width / 2)
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # (rows, 64, height / 4, width / 4)
        x = self.layer2(self.layer1(x))  # (rows, 128, height / 8, width / 8)
        x = self.layer4(self.layer3(x))  # (rows, 512, height / 32, width / 32)
        x = drop(x.mean((2, 3)), self.dropout_last, generator)  # (rows, 512)
        output: Tensor = self.fc(x)  # (rows, n_outputs)
        return output

    def groups(self) -> list[list[nn.Module]]:
        """Return the layers with weights, from the input to the output; a block is one."""
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        blocks = [[block] for stage in stages for block in stage]
        return [[self.conv1, self.bn1], *blocks, [self.fc]]


def build(inputs: Inputs, n_outputs: int, generator: Generator, **parameters: Any) -> ResNet18:
    network = ResNet18(inputs, n_outputs, ResNet18Config(**parameters))
    network.initialise(generator)
    return network
