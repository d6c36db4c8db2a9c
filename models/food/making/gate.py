"""Tells shop photos, dishes and other things apart by the frozen ImageNet branch alone.

ImageNet's posterior for a photo gives its likelihood under each class, up to a factor: p(photo | i) ~ p(i | photo).
Shop photos are described as a mixture of ImageNet classes, whose weights come by expectation maximisation from the
training photos (Saerens et al., "Adjusting the outputs of a classifier to new a priori probabilities", 2002); a dish
or a food is its own class; everything else is the even mixture of the classes that are no food. No photo of a dish and
none without food is needed to fit it.
"""

from dataclasses import dataclass

import numpy as np

IMAGENET = 1001
# How often a photo shows a dish, beside 1 for groceries and 1 for what is no food.
DISH_PRIOR = 0.1
# The least weight that any ImageNet class has among shop photos.
SMOOTHING = 3e-5
ROUNDS = 100


@dataclass(frozen=True)
class Gate:
    """`evidence` [1001, 1 + foods + 1]: columns for groceries as a whole, each other food, and what is no food."""

    evidence: np.ndarray

    def shares(self, imagenet: np.ndarray) -> np.ndarray:
        """Probabilities [n, 1 + foods + 1] from ImageNet's probabilities [n, 1001]."""
        found = imagenet @ self.evidence
        return found / found.sum(1, keepdims=True)


def fit_gate(imagenet: np.ndarray, foods: list[int], produce: set[int]) -> Gate:
    """The gate for shop photos with ImageNet's probabilities `imagenet` [n, 1001].

    `foods` are the ImageNet classes with a label of their own, `produce` those that are groceries.
    """
    weights = np.full(IMAGENET, 1 / IMAGENET)
    for _ in range(ROUNDS):
        shares = imagenet * weights
        weights = (shares / shares.sum(1, keepdims=True)).mean(0)
    evidence = np.zeros((IMAGENET, len(foods) + 2), np.float32)
    evidence[:, 0] = (weights + SMOOTHING) / (1 + IMAGENET * SMOOTHING)
    evidence[foods, np.arange(len(foods)) + 1] = DISH_PRIOR / len(foods)
    others = sorted(set(range(IMAGENET)) - set(foods) - produce)
    evidence[others, -1] = 1 / len(others)
    return Gate(evidence)


def threshold(food: np.ndarray, refused: float) -> float:
    """The probability of food below which at most the share `refused` of photos with `food` [n] lies."""
    allowed = int(refused * len(food))
    # Rounded down, so that the photo at the limit is not refused by the rounding.
    return float(np.floor(np.sort(food)[allowed] * 1e4) / 1e4)
