"""The trained part of the network, in torch: the last blocks of MobileNetV2 (normalisation folded in) and a head."""

import torch
from torch import nn

from weights import BLOCKS, HALVING, RESIDUAL, Layer

FEATURES = 1280


class Convolution(nn.Module):
    """A convolution padded as TensorFlow's SAME pads even sizes, with ReLU6 where `clip`."""

    def __init__(self, layer: Layer, *, stride: int = 1, clip: bool = True) -> None:
        super().__init__()
        out, inner, kernel, _ = layer.stored.shape
        group = out if inner == 1 and kernel == 3 else 1
        after = 1 if kernel == 3 else 0
        before = 0 if stride == 2 else after
        self.pad = nn.ZeroPad2d((before, after, before, after)) if before != after else nn.Identity()
        padding = after if before == after else 0
        self.convolution = nn.Conv2d(inner * group, out, kernel, stride, padding, groups=group)
        self.convolution.weight.data = torch.from_numpy(layer.weight)
        self.convolution.bias.data = torch.from_numpy(layer.bias.copy())
        self.clip = nn.ReLU6() if clip else nn.Identity()

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        return self.clip(self.convolution(self.pad(data)))


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, layers: dict[str, Layer], block: int) -> None:
        super().__init__()
        self.expand = Convolution(layers[f"b{block}.expand"])
        self.depthwise = Convolution(layers[f"b{block}.depthwise"], stride=2 if block in HALVING else 1)
        self.project = Convolution(layers[f"b{block}.project"], clip=False)
        self.residual = block in RESIDUAL

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        made = self.project(self.depthwise(self.expand(data)))
        return data + made if self.residual else made


class Tail(nn.Module):
    """From the stem's output [n, 64, 14, 14] to the logits of the classes [n, classes]."""

    def __init__(self, layers: dict[str, Layer], first: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleDict({str(block): Block(layers, block) for block in range(first, BLOCKS)})
        self.conv1 = Convolution(layers["conv1"])
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def features(self, data: torch.Tensor) -> torch.Tensor:
        """The mean features [n, 1280]."""
        for block in self.blocks.values():
            data = block(data)
        return self.conv1(data).mean((2, 3))

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        return self.head(self.dropout(self.features(data)))

    def layers(self) -> dict[str, tuple]:
        """The trained convolutions by their names in the network: weight and bias as arrays."""
        named = {"conv1": self.conv1}
        for block, parts in self.blocks.items():
            named |= {f"b{block}.{part}": getattr(parts, part) for part in ("expand", "depthwise", "project")}
        return {
            name: (made.convolution.weight.detach().numpy(), made.convolution.bias.detach().numpy())
            for name, made in named.items()
        }
