"""What the frozen network makes of photos and their variants, computed once and kept in a folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from graph import Graph, add_block, add_features, add_normalised, frozen_layers
from photos import Photos, as_input, as_variant
from weights import Layer

# The blocks up to here stay as ImageNet made them; those after it are trained.
FIRST_TRAINED = 7
STEM_SHAPE = (64, 14, 14)


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session on the CPU with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def add_stem(graph: Graph, image: str, layers: dict[str, Layer]) -> str:
    """The frozen part: float32 [n, 64, 14, 14]."""
    add_layer = frozen_layers(graph, layers)
    weight, bias, _ = add_layer("conv0")
    data = graph.convolution(add_normalised(graph, image), weight, bias, kernel=3, stride=2)
    for block in range(FIRST_TRAINED):
        data = add_block(graph, data, block, add_layer)
    return data


def add_imagenet(graph: Graph, stem: str, layers: dict[str, Layer]) -> tuple[str, str]:
    """The frozen branch: the mean features float32 [n, 1280] and the logits of 1001 classes, float32 [n, 1001]."""
    features = add_features(graph, stem, FIRST_TRAINED, frozen_layers(graph, layers))
    weight = graph.node("Flatten", graph.quantised("logits", layers["logits"]), axis=1)
    bias = graph.constant("logits.bias", layers["logits"].bias)
    return features, graph.node("Gemm", features, weight, bias, transB=1)


def stem_model(layers: dict[str, Layer]) -> bytes:
    """The frozen part alone as a model."""
    graph = Graph()
    flat = graph.node("Flatten", add_stem(graph, "image", layers), axis=1, output="stem")
    return graph.model("image", [(flat, int(np.prod(STEM_SHAPE)))], {}).SerializeToString()


def cached_variants(
    folder: Path, name: str, photos: Photos, layers, seed: int, variants: int, mirrored,
) -> list[np.ndarray]:
    """The stem's output for each photo, float16 [photos, 64, 14, 14] a variant; variant 0 is the photo itself.

    `mirrored(class)` says whether a photo of the class may be mirrored. A variant depends on the seed, the photo's
    place and the variant's number alone, so that more of them can be added later.
    """
    return [
        _cached_variant(folder, name, photos, layers, seed, variant, mirrored) for variant in range(variants)
    ]


def _cached_variant(folder, name, photos, layers, seed, variant, mirrored) -> np.ndarray:
    path = folder / f"{name}-{seed}-{variant}.npy"
    if not path.exists():
        session = open_session(stem_model(layers))
        made = np.empty((len(photos.paths), *STEM_SHAPE), np.float16)
        for index, picture in enumerate(photos.pictures):
            chance = np.random.default_rng([seed, index, variant])
            mirror = mirrored(photos.classes[index])
            pixels = as_variant(picture, chance, mirror) if variant else as_input(picture)
            made[index] = session.run(None, {"image": pixels[None]})[0].reshape(STEM_SHAPE)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npy")
        np.save(partial, made)
        partial.rename(path)
    return np.load(path, mmap_mode="r")


@dataclass(frozen=True)
class Frozen:
    """What the ImageNet network says of photos: its mean features [n, 1280] and its probabilities [n, 1001]."""

    features: np.ndarray
    likely: np.ndarray


def frozen_outputs(layers: dict[str, Layer], inputs: list[np.ndarray], cache: Path) -> Frozen:
    """The frozen network's outputs for photos as the model takes them, from the cache where they lie there."""
    path = cache / f"frozen-{len(inputs)}.npz"
    if not path.exists():
        graph = Graph()
        features, logits = add_imagenet(graph, add_stem(graph, "image", layers), layers)
        outputs = [(graph.node("Identity", features, output="features"), 1280),
                   (graph.node("Softmax", logits, axis=1, output="likely"), 1001)]
        session = open_session(graph.model("image", outputs, {}).SerializeToString())
        made = [session.run(None, {"image": image[None]}) for image in inputs]
        features, likely = (np.concatenate(parts) for parts in zip(*made, strict=True))
        np.savez(path, features=features, likely=likely)
    with np.load(path) as kept:
        return Frozen(kept["features"], kept["likely"])
