"""Puts the parts together into the model that Palate serves."""

from dataclasses import dataclass

import numpy as np
import onnx

from features import FIRST_TRAINED, add_imagenet, add_stem
from gate import Gate
from graph import Graph, add_features
from network import Tail
from weights import Layer

EMBEDDING = 256


@dataclass(frozen=True)
class Projection:
    """From both branches' features, each of length 1, to the embedding: (features - mean) @ axes, then length 1."""

    mean: np.ndarray
    axes: np.ndarray

    def embed(self, tuned: np.ndarray, frozen: np.ndarray) -> np.ndarray:
        """float32 [n, 256] from features [n, 1280] of the trained and of the frozen branch."""
        made = (_joined(tuned, frozen) - self.mean) @ self.axes
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def fit_projection(tuned: np.ndarray, frozen: np.ndarray) -> Projection:
    """The directions in which the photos' features differ most (principal components)."""
    joined = _joined(tuned, frozen).astype(np.float64)
    mean = joined.mean(0)
    centred = joined - mean
    # Directions come by rising variance, and each with either sign: its first component is made positive.
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :EMBEDDING]
    return Projection(mean.astype(np.float32), (axes * np.where(axes[:1] < 0, -1, 1)).astype(np.float32))


def _joined(tuned: np.ndarray, frozen: np.ndarray) -> np.ndarray:
    return np.concatenate([part / np.linalg.norm(part, axis=1, keepdims=True) for part in (tuned, frozen)], 1)


def build_model(
    layers: dict[str, Layer], tail: Tail, temperature: float, gate: Gate, projection: Projection, labels: list[str],
) -> onnx.ModelProto:
    """image -> labels, food, grocery, energy, embedding. The README says what each is."""
    graph = Graph()
    stem = add_stem(graph, "image", layers)
    frozen, logits = add_imagenet(graph, stem, layers)
    tuned = add_features(graph, stem, FIRST_TRAINED, _trained_layers(graph, tail))
    weight = graph.half("head.weight", tail.head.weight.detach().numpy())
    made = graph.node("Gemm", tuned, weight, graph.constant("head.bias", tail.head.bias.detach().numpy()), transB=1)
    graph.node("ReduceLogSumExp", made, axes=[1], keepdims=1, output="energy")
    grocery = graph.node("Softmax", graph.node("Div", made, graph.scalar(temperature)), axis=1, output="grocery")
    _add_labels(graph, grocery, logits, gate)
    _add_embedding(graph, tuned, frozen, projection)
    classes = tail.head.out_features
    outputs = [("labels", len(labels)), ("food", 1), ("grocery", classes), ("energy", 1), ("embedding", EMBEDDING)]
    return graph.model("image", outputs, {"labels": "\n".join(labels)})


def _trained_layers(graph: Graph, tail: Tail):
    trained = tail.layers()

    def add(name: str) -> tuple[str, str, int]:
        weight, bias = trained[name]
        return graph.half(f"tuned.{name}", weight), graph.constant(f"tuned.{name}.bias", bias), bias.size

    return add


def _add_labels(graph: Graph, grocery: str, logits: str, gate: Gate) -> None:
    """The groceries' share is spread over the grocery classes as the trained head says."""
    evidence = graph.constant("gate.evidence", gate.evidence.astype(np.float32))
    found = graph.node("MatMul", graph.node("Softmax", logits, axis=1), evidence)
    total = graph.node("ReduceSum", found, graph.constant("axis_1", np.array([1], np.int64)), keepdims=1)
    shares = graph.node("Div", found, total)
    sizes = np.array([1, gate.evidence.shape[1] - 2, 1], np.int64)
    shop, foods, other = graph.split(shares, sizes)
    graph.node("Concat", graph.node("Mul", grocery, shop), foods, other, axis=1, output="labels")
    graph.node("Sub", graph.scalar(1.0), other, output="food")


def _add_embedding(graph: Graph, tuned: str, frozen: str, projection: Projection) -> None:
    joined = graph.node("Concat", graph.unit(tuned), graph.unit(frozen), axis=1)
    centred = graph.node("Sub", joined, graph.constant("embedding.mean", projection.mean))
    graph.unit(graph.node("MatMul", centred, graph.half("embedding.axes", projection.axes)), output="embedding")


def settings_yaml(labels: list[str], limit: float) -> str:
    """What a server has to know of the model beside the file itself."""
    return f"""# How Palate serves this model. Written by making/make.py; the README explains the figures.
name: food
version: 1
format: onnx
input:
  name: image
  type: uint8
  shape: [n, 224, 224, 3]
  layout: NHWC
  colours: RGB
  # The middle square of the photo, turned as its EXIF says: sharp's fit "cover", kernel "cubic".
  fit: cover
  kernel: cubic
outputs:
  labels: {{ type: float32, shape: [n, {len(labels)}], meaning: probabilities of the rows of classes.csv }}
  food: {{ type: float32, shape: [n, 1], meaning: probability that the photo shows food }}
  grocery: {{ type: float32, shape: [n, 81], meaning: "probabilities of the first 81 classes, if it is one of them" }}
  energy: {{ type: float32, shape: [n, 1], meaning: log-sum-exp of the grocery head }}
  embedding: {{ type: float32, shape: [n, {EMBEDDING}], meaning: "of length 1, compared by dot product" }}
classes: classes.csv
# A photo whose `food` lies below is answered NOT_FOOD.
food_threshold: {limit:.4f}
"""
