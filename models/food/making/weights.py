"""Reads the quantised MobileNetV2 (TensorFlow Lite, per-tensor uint8) as named layers.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
A real value is (stored - zero) * scale.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tflite

BLOCKS = 17
RESIDUAL = frozenset({2, 4, 5, 7, 8, 9, 11, 12, 14, 15})
HALVING = frozenset({1, 3, 6, 13})
INPUT_SCALE = 1 / 128
INPUT_ZERO = 128


@dataclass(frozen=True)
class Layer:
    """One convolution. `stored` is uint8 [out, in, height, width]; `bias` is float32 [out]."""

    stored: np.ndarray
    scale: float
    zero: int
    bias: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """The float32 weights [out, in, height, width]."""
        return ((self.stored.astype(np.float32) - self.zero) * np.float32(self.scale)).astype(np.float32)


def layer_names() -> list[str]:
    """The names of the convolutions, in the order in which the network applies them."""
    names = ["conv0", "b0.depthwise", "b0.project"]
    for block in range(1, BLOCKS):
        names += [f"b{block}.expand", f"b{block}.depthwise", f"b{block}.project"]
    return [*names, "conv1", "logits"]


def read_layers(path: Path) -> dict[str, Layer]:
    """The layers of the network in `path` by name. Raises ValueError where the file is another network."""
    model = tflite.Model.GetRootAs(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    convolutions = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if kind in (tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D):
            convolutions.append(_read_layer(model, graph, operator, kind))
    names = layer_names()
    if len(convolutions) != len(names):
        raise ValueError(f"{path} has {len(convolutions)} convolutions where MobileNetV2 1.0 has {len(names)}")
    return dict(zip(names, convolutions, strict=True))


def _read_layer(model, graph, operator, kind) -> Layer:
    weights, bias = (graph.Tensors(int(index)) for index in operator.InputsAsNumpy()[1:3])
    stored = _values(model, weights, np.uint8)
    # A depthwise filter lies as [1, height, width, channels], the others as [out, height, width, in].
    depthwise = kind == tflite.BuiltinOperator.DEPTHWISE_CONV_2D
    stored = stored.transpose(3, 0, 1, 2) if depthwise else stored.transpose(0, 3, 1, 2)
    quantised = weights.Quantization()
    bias_scale = np.float64(bias.Quantization().ScaleAsNumpy()[0])
    return Layer(
        stored=np.ascontiguousarray(stored),
        scale=float(quantised.ScaleAsNumpy()[0]),
        zero=int(quantised.ZeroPointAsNumpy()[0]),
        bias=(_values(model, bias, np.int32) * bias_scale).astype(np.float32),
    )


def _values(model, tensor, kind) -> np.ndarray:
    raw = model.Buffers(tensor.Buffer()).DataAsNumpy()
    return np.frombuffer(raw.tobytes(), kind).reshape(tuple(int(size) for size in tensor.ShapeAsNumpy()))
