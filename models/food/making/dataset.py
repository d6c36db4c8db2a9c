"""The data set as the stages of the making use it: train and val in one row, with an index for each part."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from features import cached_variants
from photos import read_classes, read_photos
from weights import Layer, read_layers

VARIANTS_SEED = 20261121
# The ids of cartons: their print is never mirrored.
CARTONS = range(28, 59)


@dataclass(frozen=True)
class Dataset:
    """`train` and `val` are indices into `pictures`, `classes` and each of `variants` (0: the photos themselves)."""

    train: np.ndarray
    val: np.ndarray
    pictures: list[Image.Image]
    classes: np.ndarray
    names: list[str]
    coarse: np.ndarray
    variants: list["Joined"]
    layers: dict[str, Layer]

    def plain(self, chosen: np.ndarray) -> np.ndarray:
        """The stem's output for the photos `chosen` as they are."""
        return np.stack([self.variants[0][photo] for photo in chosen])


class Joined:
    """Two arrays, one behind the other, without copying them."""

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        self._first, self._second = first, second

    def __getitem__(self, place: int) -> np.ndarray:
        within = place - len(self._first)
        return self._second[within] if within >= 0 else self._first[place]


def load_dataset(grocery: Path, weights: Path, cache: Path, variants: int) -> Dataset:
    """Reads the photos and makes their variants, or takes these from `cache`."""
    layers = read_layers(weights)
    classes = read_classes(grocery / "classes.csv")
    parts = [read_photos(grocery / f"{part}.tar", grocery / f"{part}.txt") for part in ("train", "val")]
    made = [
        cached_variants(cache, part, photos, layers, VARIANTS_SEED, variants, lambda label: label not in CARTONS)
        for part, photos in zip(("train", "val"), parts, strict=True)
    ]
    train, val = parts
    return Dataset(
        train=np.arange(len(train.paths)), val=len(train.paths) + np.arange(len(val.paths)),
        pictures=train.pictures + val.pictures, classes=np.concatenate([train.classes, val.classes]),
        names=[name for name, _, _ in classes], coarse=np.array([coarse for _, _, coarse in classes]),
        variants=[Joined(*pair) for pair in zip(*made, strict=True)], layers=layers,
    )
