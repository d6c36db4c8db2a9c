"""Fine-tunes the tail on the stem's outputs for the photos' variants."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from network import Tail


@dataclass(frozen=True)
class Settings:
    """How to train. `tail_rate` is relative to each tensor's root mean square, since folding left unlike scales."""

    epochs: int = 12
    batch: int = 32
    head_rate: float = 2e-3
    tail_rate: float = 2e-3
    decay: float = 0.05
    dropout: float = 0.2
    smoothing: float = 0.1
    mixup: float = 0.2
    coarse: float = 0.5
    average: float = 0.995
    plain: float = 0.15


def train(
    tail: Tail, variants: list[np.ndarray], classes: np.ndarray, coarse: np.ndarray, settings: Settings, seed: int,
    watch: Callable[[int, float, Tail], None] = lambda epoch, loss, tail: None,
) -> Tail:
    """The moving average of the tail's weights after training.

    `variants` are float16 [photos, 64, 14, 14] each, the first of them the photos themselves; `classes` int64 [photos];
    `coarse` maps a class to its coarse class. `watch` is called after each epoch with the averaged tail.
    """
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    optimiser = _optimiser(tail, settings)
    bases = [group["lr"] for group in optimiser.param_groups]
    averaged = copy.deepcopy(tail).eval()
    steps = settings.epochs * math.ceil(len(classes) / settings.batch)
    step = 0
    for epoch in range(settings.epochs):
        tail.train()
        losses = []
        order = balanced_order(classes, chance)
        for start in range(0, len(order), settings.batch):
            chosen = order[start : start + settings.batch]
            share = min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
            for group, base in zip(optimiser.param_groups, bases, strict=True):
                group["lr"] = base * share
            data = torch.from_numpy(_draw(variants, chosen, chance, settings.plain))
            loss = _mixed_loss(tail, data, torch.from_numpy(classes[chosen]), coarse, settings, chance)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(tail.parameters(), 5.0)
            optimiser.step()
            step += 1
            _average(averaged, tail, min(settings.average, step / (step + 10)))
            losses.append(loss.item())
        watch(epoch, float(np.mean(losses)), averaged)
    return averaged


def balanced_order(classes: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """One epoch's photos: as many as there are, drawn so that small classes come up as if half way to equal shares."""
    counts = np.bincount(classes)
    weights = 1 / np.sqrt(counts[classes])
    return chance.choice(len(classes), len(classes), p=weights / weights.sum())


def predict(tail: Tail, data: np.ndarray, batch: int = 64) -> np.ndarray:
    """The logits [photos, classes] for the stem's outputs."""
    tail.eval()
    with torch.no_grad():
        parts = [tail(torch.from_numpy(data[start : start + batch].astype(np.float32))).numpy()
                 for start in range(0, len(data), batch)]
    return np.concatenate(parts)


def linear_logits(known: np.ndarray, classes: np.ndarray, asked: np.ndarray, seed: int, epochs: int = 30) -> np.ndarray:
    """The logits for the features `asked` of a linear head trained on those `known`: what fine-tuning must beat."""
    torch.manual_seed(seed)
    mean, spread = known.mean(0), known.std(0) + 1e-3
    data, labels = torch.from_numpy((known - mean) / spread), torch.from_numpy(classes)
    head = nn.Linear(known.shape[1], int(classes.max()) + 1)
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=0.1)
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels)).split(256):
            loss = functional.cross_entropy(head(data[chosen]), labels[chosen], label_smoothing=0.1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        return head(torch.from_numpy((asked - mean) / spread)).numpy()


def tuned_features(tail: Tail, data: np.ndarray, batch: int = 64) -> np.ndarray:
    """The mean features [photos, 1280] for the stem's outputs."""
    tail.eval()
    with torch.no_grad():
        parts = [tail.features(torch.from_numpy(data[start : start + batch].astype(np.float32))).numpy()
                 for start in range(0, len(data), batch)]
    return np.concatenate(parts)


def _optimiser(tail: Tail, settings: Settings) -> torch.optim.Optimizer:
    groups = []
    for name, values in tail.named_parameters():
        if name.startswith("head."):
            groups.append({"params": [values], "lr": settings.head_rate, "weight_decay": settings.decay})
        else:
            size = float(values.detach().square().mean().sqrt())
            groups.append({"params": [values], "lr": settings.tail_rate * max(size, 1e-3), "weight_decay": 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.99))


def _draw(variants, chosen, chance, plain) -> np.ndarray:
    drawn = chance.integers(1, len(variants), len(chosen))
    drawn[chance.random(len(chosen)) < plain] = 0
    return np.stack([variants[variant][photo] for variant, photo in zip(drawn, chosen, strict=True)]).astype(np.float32)


def _mixed_loss(tail, data, classes, coarse, settings, chance) -> torch.Tensor:
    """Cross-entropy over the fine and the coarse classes, with pairs of photos mixed (Zhang et al., mixup, 2018)."""
    share = chance.beta(settings.mixup, settings.mixup) if settings.mixup else 1.0
    other = torch.from_numpy(chance.permutation(len(data)))
    logits = tail(share * data + (1 - share) * data[other])
    one, two = (_loss(logits, labels, coarse, settings) for labels in (classes, classes[other]))
    return share * one + (1 - share) * two


def _loss(logits, classes, coarse, settings) -> torch.Tensor:
    fine = functional.cross_entropy(logits, classes, label_smoothing=settings.smoothing)
    groups = torch.from_numpy(coarse)
    member = functional.one_hot(groups).to(logits.dtype)
    likely = torch.log_softmax(logits, 1).exp() @ member
    return fine + settings.coarse * functional.nll_loss((likely + 1e-7).log(), groups[classes])


def _average(averaged: Tail, tail: Tail, keep: float) -> None:
    with torch.no_grad():
        for held, new in zip(averaged.parameters(), tail.parameters(), strict=True):
            held.lerp_(new, 1 - keep)

