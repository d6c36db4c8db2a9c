"""Figures: accuracy, calibration, confusions, folds of unlike photos, similarity, speed."""

import time

import numpy as np
import onnxruntime
from scipy.optimize import minimize_scalar

ALIKE = 0.93


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities [n, classes]."""
    scaled = logits / temperature
    made = np.exp(scaled - scaled.max(1, keepdims=True))
    return made / made.sum(1, keepdims=True)


def accuracy(scores: np.ndarray, classes: np.ndarray) -> float:
    """The share of photos whose best class is theirs."""
    return float((scores.argmax(1) == classes).mean())


def calibration_error(likely: np.ndarray, classes: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error (Guo et al., 2017) over even bins of confidence."""
    sure, right = likely.max(1), likely.argmax(1) == classes
    place = np.minimum((sure * bins).astype(int), bins - 1)
    parts = [(place == index) for index in range(bins)]
    return float(sum(part.mean() * abs(sure[part].mean() - right[part].mean()) for part in parts if part.any()))


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """The temperature with the least negative log-likelihood."""

    def cost(log_temperature: float) -> float:
        likely = softmax(logits, float(np.exp(log_temperature)))
        return -float(np.log(likely[np.arange(len(classes)), classes] + 1e-12).mean())

    return float(np.exp(minimize_scalar(cost, bounds=(-2, 2), method="bounded").x))


def confusions(scores: np.ndarray, classes: np.ndarray, names: list[str], most: int = 15) -> list[tuple]:
    """The pairs most often confused: true name, told name, how often, of how many photos of the true class."""
    told = scores.argmax(1)
    pairs: dict[tuple[int, int], int] = {}
    for true, found in zip(classes.tolist(), told.tolist(), strict=True):
        if true != found:
            pairs[true, found] = pairs.get((true, found), 0) + 1
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [(names[true], names[found], count, int((classes == true).sum())) for (true, found), count in ranked]


def folds_of_unlike(features: np.ndarray, classes: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """A fold for each photo; those of a class that look alike (cosine above ALIKE, or a chain of such) share theirs."""
    chance = np.random.default_rng(seed)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    fold = np.zeros(len(classes), np.int64)
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        groups = _linked(unit[members] @ unit[members].T > ALIKE)
        sizes = np.zeros(folds)
        for group in sorted(groups, key=lambda group: (-len(group), chance.random())):
            place = int(np.argmin(sizes + chance.random(folds) * 0.5))
            fold[members[group]] = place
            sizes[place] += len(group)
    return fold


def _linked(near: np.ndarray) -> list[list[int]]:
    """The connected parts of the graph with the adjacency `near`."""
    left, groups = set(range(len(near))), []
    while left:
        group, edge = [], [left.pop()]
        while edge:
            member = edge.pop()
            group.append(member)
            found = [other for other in np.flatnonzero(near[member]).tolist() if other in left]
            left.difference_update(found)
            edge += found
        groups.append(sorted(group))
    return groups


def nearest_agree(known: np.ndarray, known_classes: np.ndarray, asked: np.ndarray, classes: np.ndarray) -> float:
    """The share of `asked` embeddings whose nearest `known` one is of their class."""
    return float((known_classes[(asked @ known.T).argmax(1)] == classes).mean())


def milliseconds(session: onnxruntime.InferenceSession, batch: int, rounds: int = 30) -> float:
    """The processor time of one run with one thread, per image: the median of `rounds`."""
    image = np.random.default_rng(0).integers(0, 256, (batch, 224, 224, 3), dtype=np.uint8)
    session.run(None, {"image": image})
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        session.run(None, {"image": image})
        taken.append(time.process_time() - start)
    return float(np.median(taken) * 1000 / batch)
