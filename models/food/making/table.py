"""Reads classes.csv, and checks that its grades follow from its nutrients."""

import csv
from dataclasses import dataclass
from pathlib import Path

from nutriscore import Nutrients, grade, points, score


@dataclass(frozen=True)
class Table:
    """`names` are the labels in order; `foods` the ImageNet classes of the labels between groceries and Other, in their
    order; `produce` the ImageNet classes that are groceries."""

    names: list[str]
    foods: list[int]
    produce: set[int]


def read_table(path: Path) -> Table:
    """The table at `path`. Raises ValueError where a row's points, grade or score are not what its nutrients give."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        _check(row)
    return Table(
        names=[row["name"] for row in rows],
        foods=[int(row["imagenet"]) for row in rows if row["kind"] in ("food", "dish")],
        produce={int(row["imagenet"]) for row in rows if row["kind"] == "grocery" and row["imagenet"]},
    )


def _check(row: dict[str, str]) -> None:
    if row["points"] == "":
        return
    of = Nutrients(
        row["basis"] == "drink", *(float(row[name]) for name in (
            "energy_kj", "sugars_g", "saturated_fat_g", "salt_g",
            "fruit_vegetable_legume_percent", "fibre_g", "protein_g",
        )))
    found = (str(points(of)), grade(of), str(score(of)))
    if found != (row["points"], row["grade"], row["score"]):
        raise ValueError(f"{row['name']}: the nutrients give {found}, the table says otherwise")
