"""Reads the photos and classes of the grocery data set, and makes variants of a photo as a phone in a shop would."""

import csv
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

SIDE = 224


@dataclass(frozen=True)
class Photos:
    """Photos of one archive: their paths in it, their classes (int64 [n]) and their pictures, in one order."""

    paths: list[str]
    classes: np.ndarray
    pictures: list[Image.Image]


def read_classes(path: Path) -> list[tuple[str, str, int]]:
    """The fine classes of classes.csv in the order of their ids: name, coarse name, coarse id."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [(row[0], row[2], int(row[3])) for row in rows]


def read_photos(archive: Path, listing: Path) -> Photos:
    """The photos of `archive` that `listing` names (path, fine class, coarse class), in its order."""
    rows = [line.split(",") for line in listing.read_text().splitlines() if line.strip()]
    wanted = {row[0].strip(): int(row[1]) for row in rows}
    found: dict[str, Image.Image] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in wanted:
                found[member.name] = open_picture(tar.extractfile(member).read())
    missing = wanted.keys() - found.keys()
    if missing:
        raise ValueError(f"{archive} lacks {len(missing)} photos of {listing}, for instance {min(missing)}")
    paths = list(wanted)
    return Photos(paths, np.array([wanted[path] for path in paths]), [found[path] for path in paths])


def open_picture(encoded: bytes) -> Image.Image:
    """A photo as RGB, turned as its EXIF says."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGB")


def as_input(picture: Image.Image) -> np.ndarray:
    """The model's input for a photo: the middle square at 224 by 224, uint8 [224, 224, 3]."""
    return np.asarray(ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.BICUBIC))


def as_variant(picture: Image.Image, chance: np.random.Generator, mirror: bool) -> np.ndarray:
    """A random variant of a photo as the model's input: crop, turn, light, colour, blur and, where told, mirrored."""
    made = _random_crop(picture, chance)
    if mirror and chance.random() < 0.5:
        made = ImageOps.mirror(made)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        made = enhance(made).enhance(chance.uniform(0.7, 1.35))
    if chance.random() < 0.2:
        made = made.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.2)))
    return _tinted(np.asarray(made), chance)


def _random_crop(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A turned, stretched window of 35 to 100 % of the photo's area."""
    width, height = picture.size
    share = chance.uniform(0.35, 1.0)
    stretch = np.exp(chance.uniform(-0.25, 0.25))
    across = min(width, np.sqrt(share * width * height * stretch))
    down = min(height, np.sqrt(share * width * height / stretch))
    left, top = chance.uniform(0, width - across), chance.uniform(0, height - down)
    angle = np.radians(chance.normal(0, 8))
    middle = np.array([left + across / 2, top + down / 2])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = turn @ np.diag([across / SIDE, down / SIDE])
    shift = middle - scale @ np.full(2, SIDE / 2)
    # The window may reach over the edge where it is turned: the photo is mirrored there.
    margin = int(0.15 * max(width, height))
    padded = np.pad(np.asarray(picture), ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    terms = (*scale[0], shift[0] + margin, *scale[1], shift[1] + margin)
    # A shrinking window is first made smaller by whole steps, so that it does not alias.
    step = max(1, int(min(across, down) / SIDE))
    source = Image.fromarray(padded)
    if step > 1:
        source = source.reduce(step)
        terms = tuple(term / step for term in terms)
    return source.transform((SIDE, SIDE), Image.Transform.AFFINE, terms, Image.Resampling.BICUBIC)


def _tinted(pixels: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Another white balance: each channel by up to 7 %."""
    gains = chance.uniform(0.93, 1.07, 3).astype(np.float32)
    return np.clip(pixels * gains + 0.5, 0, 255).astype(np.uint8)
