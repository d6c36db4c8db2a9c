"""Builds ONNX graphs by hand: the frozen network from its uint8 weights (no loss), trained layers as float16.

Stored weights become float32 through Cast, Sub and Mul of constants, which ONNX Runtime folds once at load.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from weights import BLOCKS, HALVING, INPUT_SCALE, INPUT_ZERO, RESIDUAL, Layer

OPSET = 17
IR_VERSION = 8


class Graph:
    """A graph under construction. Each method adds nodes and returns the name of what they produce."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: dict[str, onnx.TensorProto] = {}
        self._made = 0

    def constant(self, name: str, values: np.ndarray) -> str:
        """Stores `values` under `name`, once."""
        if name not in self._initialisers:
            self._initialisers[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def scalar(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(f"scalar_{value!r}", np.array(value, np.float32))

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes) -> str:
        """Adds one operator with one output."""
        self._made += 1
        name = output or f"{kind.lower()}_{self._made}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def half(self, name: str, values: np.ndarray) -> str:
        """Weights stored as float16, used as float32."""
        return self.node("Cast", self.constant(name, values.astype(np.float16)), to=TensorProto.FLOAT)

    def quantised(self, name: str, layer: Layer) -> str:
        """Weights stored as the uint8 they came as, used as float32."""
        values = self.node("Cast", self.constant(name, layer.stored), to=TensorProto.FLOAT)
        centred = self.node("Sub", values, self.scalar(float(layer.zero)))
        return self.node("Mul", centred, self.scalar(layer.scale))

    def convolution(self, data: str, weight: str, bias: str, *, kernel=1, stride=1, group=1, clip=True) -> str:
        """A convolution padded as TensorFlow's SAME pads even sizes, with ReLU6 where `clip`."""
        before, after = ((0, 1) if stride == 2 else (1, 1)) if kernel == 3 else (0, 0)
        made = self.node(
            "Conv", data, weight, bias, kernel_shape=[kernel] * 2, strides=[stride] * 2, group=group,
            pads=[before, before, after, after],
        )
        return self.node("Clip", made, self.scalar(0.0), self.scalar(6.0)) if clip else made

    def split(self, data: str, sizes: np.ndarray) -> list[str]:
        """Cuts the second axis into parts of `sizes`."""
        names = [f"{data}_part_{index}" for index in range(len(sizes))]
        parts = self.constant(f"{data}_sizes", sizes)
        self._nodes.append(helper.make_node("Split", [data, parts], names, name=f"{data}_split", axis=1))
        return names

    def unit(self, data: str, output: str | None = None) -> str:
        """Each row of `data` divided by its length."""
        return self.node("Div", data, self.node("ReduceL2", data, axes=[1], keepdims=1), output=output)

    def model(self, image: str, outputs: list[tuple[str, int]], metadata: dict[str, str]) -> onnx.ModelProto:
        """The finished, checked model: `image` is uint8 [n, 224, 224, 3], an output float32 [n, size]."""
        given = helper.make_tensor_value_info(image, TensorProto.UINT8, ["n", 224, 224, 3])
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size]) for name, size in outputs]
        graph = helper.make_graph(self._nodes, "food", [given], made, list(self._initialisers.values()))
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="palate")
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model


def add_normalised(graph: Graph, image: str) -> str:
    """uint8 [n, height, width, 3] to float32 [n, 3, height, width] in [-1, 1)."""
    planes = graph.node("Transpose", graph.node("Cast", image, to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    return graph.node("Mul", graph.node("Sub", planes, graph.scalar(float(INPUT_ZERO))), graph.scalar(INPUT_SCALE))


def add_block(graph: Graph, data: str, block: int, add_layer) -> str:
    """One inverted residual. `add_layer(name)` gives the names of a layer's weight and bias, and its output width."""
    inner = data
    if block > 0:
        weight, bias, _ = add_layer(f"b{block}.expand")
        inner = graph.convolution(inner, weight, bias)
    weight, bias, width = add_layer(f"b{block}.depthwise")
    stride = 2 if block in HALVING else 1
    inner = graph.convolution(inner, weight, bias, kernel=3, stride=stride, group=width)
    weight, bias, _ = add_layer(f"b{block}.project")
    inner = graph.convolution(inner, weight, bias, clip=False)
    return graph.node("Add", data, inner) if block in RESIDUAL else inner


def add_features(graph: Graph, data: str, first: int, add_layer) -> str:
    """Blocks `first` to the last, the widening convolution and the mean over places: float32 [n, 1280]."""
    for block in range(first, BLOCKS):
        data = add_block(graph, data, block, add_layer)
    weight, bias, _ = add_layer("conv1")
    data = graph.convolution(data, weight, bias)
    return graph.node("Flatten", graph.node("GlobalAveragePool", data), axis=1)


def frozen_layers(graph: Graph, layers: dict[str, Layer]):
    """An `add_layer` over the ImageNet network as it came."""

    def add(name: str) -> tuple[str, str, int]:
        layer = layers[name]
        return graph.quantised(name, layer), graph.constant(f"{name}.bias", layer.bias), layer.bias.size

    return add
