"""Nutri-Score, the algorithm of 2023, from nutrients for 100 g or 100 ml.

Published by Santé publique France ("Nutri-Score: usage regulation", 2023) after the reports of the
Scientific Committee of the Nutri-Score of July 2022 (general foods) and March 2023 (beverages). Milk, drinkable milk
products and plant drinks count as beverages. Fats, oils, nuts, cheese and red meat have tables of their own and do not
occur here. Points for sweeteners are left out: none of the foods here has any.
"""

from bisect import bisect_left
from dataclasses import dataclass

SATURATED_FAT = list(range(1, 11))
SALT = [step / 5 for step in range(1, 21)]
FIBRE = [3.0, 4.1, 5.2, 6.3, 7.4]
FOOD_ENERGY = [335 * step for step in range(1, 11)]
FOOD_SUGARS = [3.4, 6.8, 10, 14, 17, 20, 24, 27, 31, 34, 37, 41, 44, 48, 51]
FOOD_PROTEIN = [2.4, 4.8, 7.2, 9.6, 12, 14, 17]
DRINK_ENERGY = [30, 90, 150, 210, 240, 270, 300, 330, 360, 390]
DRINK_SUGARS = [0.5, 2, 3.5, 5, 6, 7, 8, 9, 10, 11]
DRINK_PROTEIN = [1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0]
FOOD_GRADES = [0, 2, 10, 18]
DRINK_GRADES = [2, 6, 9]
# From this many negative points on, a food's protein no longer counts.
PROTEIN_LIMIT = 11


@dataclass(frozen=True)
class Nutrients:
    """For 100 g, or 100 ml where `drink`: kilojoules, grams, and the percentage of fruit, vegetables and legumes."""

    drink: bool
    energy_kj: float
    sugars_g: float
    saturated_fat_g: float
    salt_g: float
    fruit_percent: float
    fibre_g: float
    protein_g: float


def points(of: Nutrients) -> int:
    """The final points: the lower the better."""
    energy, sugars = (DRINK_ENERGY, DRINK_SUGARS) if of.drink else (FOOD_ENERGY, FOOD_SUGARS)
    negative = (
        _above(energy, of.energy_kj) + _above(sugars, of.sugars_g)
        + _above(SATURATED_FAT, of.saturated_fat_g) + _above(SALT, of.salt_g)
    )
    protein = _above(DRINK_PROTEIN if of.drink else FOOD_PROTEIN, of.protein_g)
    positive = _fruit(of) + _above(FIBRE, of.fibre_g)
    return negative - positive - (protein if of.drink or negative < PROTEIN_LIMIT else 0)


def grade(of: Nutrients) -> str:
    """A (best) to E. Of the drinks only water has an A."""
    if of.drink:
        return "BCDE"[bisect_left(DRINK_GRADES, points(of))]
    return "ABCDE"[bisect_left(FOOD_GRADES, points(of))]


def score(of: Nutrients) -> int:
    """Palate's score: A is 5, E is 1."""
    return 5 - "ABCDE".index(grade(of))


def _above(limits: list, value: float) -> int:
    """How many of the rising limits `value` lies above."""
    return bisect_left(limits, value)


def _fruit(of: Nutrients) -> int:
    reached = bisect_left([40, 60, 80], of.fruit_percent)
    return [0, 2, 4, 6][reached] if of.drink else [0, 1, 2, 5][reached]
