"""Makes the food model again: trains, measures, exports. `python make.py --help` says how.

Stages keep what they computed under --cache, so that an interrupted run goes on where it stopped.
"""

import argparse
import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from dataset import Dataset, load_dataset
from export import build_model, fit_projection, settings_yaml
from features import FIRST_TRAINED, frozen_outputs, open_session
from gate import Gate, fit_gate, threshold
from measure import (
    accuracy, calibration_error, confusions, fit_temperature, folds_of_unlike, milliseconds, nearest_agree, softmax,
)
from network import Tail
from photos import as_input, open_picture
from table import Table, read_table
from training import Settings, linear_logits, predict, train, tuned_features

SEED = 1
REFUSED = 0.02
LIMIT_BYTES = 16 * 2**20
# The shipped model goes on from the one that never saw val, with val's photos added, at a quarter of the rates.
FINISH = Settings(epochs=3, head_rate=5e-4, tail_rate=5e-4, average=0.98)


def main() -> None:
    asked = arguments()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    home = Path(__file__).resolve().parent.parent
    table = read_table(home / "classes.csv")
    data = load_dataset(asked.grocery, asked.weights, asked.cache, asked.variants)
    settings = Settings(epochs=asked.epochs)
    photos = {"train": len(data.train), "val": len(data.val)}
    figures: dict = {"photos": photos, "settings": dataclasses.asdict(settings)}

    twin = fine_tune(asked.cache, data, data.train, settings, "twin")
    logits = predict(twin, data.plain(data.val))
    temperature = fit_temperature(logits, data.classes[data.val])
    figures["val"] = figures_of(logits, data.classes[data.val], data, temperature)
    figures["temperature"] = temperature
    frozen = frozen_outputs(data.layers, [as_input(picture) for picture in data.pictures], asked.cache)
    gate, limit = choose_gate(data, frozen.likely, table, softmax(logits, temperature), figures)
    figures["linear_folds"] = linear_folds(data, frozen.features)
    if asked.folds:
        shorter = dataclasses.replace(settings, epochs=asked.fold_epochs)
        figures["folds"] = cross_validate(asked.cache, data, frozen.features, shorter, asked.folds)

    everything = np.concatenate([data.train, data.val])
    final = fine_tune(asked.cache, data, everything, FINISH, "final", twin)
    figures["embedding"] = similarity(data, twin, frozen.features)
    projection = fit_projection(tuned_features(final, data.plain(everything)), frozen.features[everything])
    measured, model = (
        build_model(data.layers, tail, temperature, gate, projection, table.names).SerializeToString()
        for tail in (twin, final)
    )
    figures["val"] |= through_onnx(open_session(measured), data, limit)
    session = open_session(model)
    figures["model"] = check(session, model, data, final, temperature)
    figures["gate"] |= others(session, limit, asked.without_food, table)
    figures["dishes"] = {path.name: told(session, path, table) for path in asked.dishes}
    write(home, model, settings_yaml(table.names, limit), figures)


def choose_gate(
    data: Dataset, imagenet: np.ndarray, table: Table, grocery: np.ndarray, figures: dict,
) -> tuple[Gate, float]:
    """The gate fitted on train, and its limit chosen on val, for which `grocery` are the classes' probabilities."""
    gate = fit_gate(imagenet[data.train], table.foods, table.produce)
    shares = gate.shares(imagenet[data.val])
    food = 1 - shares[:, -1]
    limit = threshold(food, REFUSED)
    figures["gate"] = {"threshold": limit, "val_refused": float((food < limit).mean())}
    labels = np.concatenate([grocery * shares[:, :1], shares[:, 1:]], 1)
    figures["val"]["accuracy_by_labels_but_other"] = accuracy(labels[:, :-1], data.classes[data.val])
    figures["val"]["accuracy_by_labels"] = accuracy(labels, data.classes[data.val])
    return gate, limit


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grocery", type=Path, required=True, help="folder with the tars, lists and classes.csv")
    parser.add_argument("--weights", type=Path, required=True, help="mobilenet_v2_1.0_224_quant.tflite")
    parser.add_argument("--cache", type=Path, required=True, help="folder for what the stages keep (about 2 GB)")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--variants", type=int, default=12, help="variants of each photo, the photo itself among them")
    parser.add_argument("--folds", type=int, default=0, help="also cross-validate with so many folds")
    parser.add_argument("--fold-epochs", type=int, default=4, help="epochs of each fold")
    parser.add_argument("--without-food", type=Path, nargs="*", default=[], help="photos to be refused, to measure")
    parser.add_argument("--dishes", type=Path, nargs="*", default=[], help="photos of dishes, to be told")
    return parser.parse_args()


def fine_tune(
    cache: Path, data: Dataset, chosen: np.ndarray, settings: Settings, name: str, begin: Tail | None = None,
) -> Tail:
    """The tail trained on the photos `chosen`, from the weights of `begin` or of ImageNet, or from the cache."""
    told = json.dumps([dataclasses.asdict(settings), SEED, len(data.variants), FIRST_TRAINED, chosen.tolist()])
    path = cache / f"tail-{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.pt"
    tail = Tail(data.layers, FIRST_TRAINED, len(data.names), settings.dropout).to(memory_format=torch.channels_last)
    if path.exists():
        tail.load_state_dict(torch.load(path, weights_only=True))
        return tail.eval()

    if begin is not None:
        tail.load_state_dict(begin.state_dict())

    def watch(epoch: int, loss: float, _: Tail) -> None:
        print(f"{name}: epoch {epoch + 1} of {settings.epochs}, loss {loss:.3f}", flush=True)

    variants = [_Chosen(variant, chosen) for variant in data.variants]
    made = train(tail, variants, data.classes[chosen], data.coarse, settings, SEED, watch)
    torch.save(made.state_dict(), path)
    return made


class _Chosen:
    """Some photos of a variant, read only when they are asked for."""

    def __init__(self, variant, chosen: np.ndarray) -> None:
        self._variant, self._chosen = variant, chosen

    def __getitem__(self, photo: int) -> np.ndarray:
        return self._variant[self._chosen[photo]]


def figures_of(logits: np.ndarray, classes: np.ndarray, data: Dataset, temperature: float) -> dict:
    """Accuracy, calibration and the worst confusions."""
    likely = softmax(logits, temperature)
    coarse = np.eye(data.coarse.max() + 1)[data.coarse]
    return {
        "accuracy": accuracy(likely, classes),
        "coarse_accuracy": accuracy(likely @ coarse, data.coarse[classes]),
        "in_best_three": float((np.argsort(-likely, 1)[:, :3] == classes[:, None]).any(1).mean()),
        "calibration_error": calibration_error(likely, classes),
        "calibration_error_before_temperature": calibration_error(softmax(logits), classes),
        "confusions": confusions(likely, classes, data.names),
    }


def cross_validate(cache: Path, data: Dataset, features: np.ndarray, settings: Settings, folds: int) -> dict:
    """Accuracy on each fold of train and val together, trained on the others."""
    fold = folds_of_unlike(features, data.classes, folds, SEED)
    logits = np.zeros((len(data.classes), len(data.names)), np.float32)
    for index in range(folds):
        held, used = np.flatnonzero(fold == index), np.flatnonzero(fold != index)
        tail = fine_tune(cache, data, used, settings, f"fold{index + 1}of{folds}")
        logits[held] = predict(tail, data.plain(held))
        print(f"fold {index + 1} of {folds}: {accuracy(logits[held], data.classes[held]):.3f}", flush=True)
    each = [accuracy(logits[fold == index], data.classes[fold == index]) for index in range(folds)]
    found = figures_of(logits, data.classes, data, fit_temperature(logits, data.classes))
    return {"epochs": settings.epochs, "accuracies": each, **found}


def linear_folds(data: Dataset, features: np.ndarray, folds: int = 5) -> dict:
    """Accuracy of a linear head on the frozen features: over train and val in folds of unlike photos, and on val."""
    fold = folds_of_unlike(features, data.classes, folds, SEED)
    each = []
    for index in range(folds):
        logits = linear_logits(features[fold != index], data.classes[fold != index], features[fold == index], SEED)
        each.append(accuracy(logits, data.classes[fold == index]))
    val = linear_logits(features[data.train], data.classes[data.train], features[data.val], SEED)
    return {"accuracies": each, "val": accuracy(val, data.classes[data.val])}


def similarity(data: Dataset, twin: Tail, frozen: np.ndarray) -> dict:
    """How often a val photo's nearest train photo is of its class, by the embedding of a model that never saw val."""
    tuned, new = (tuned_features(twin, data.plain(chosen)) for chosen in (data.train, data.val))
    projection = fit_projection(tuned, frozen[data.train])
    known, asked = projection.embed(tuned, frozen[data.train]), projection.embed(new, frozen[data.val])
    agree = nearest_agree(known, data.classes[data.train], asked, data.classes[data.val])
    coarse = nearest_agree(known, data.coarse[data.classes[data.train]], asked, data.coarse[data.classes[data.val]])
    return {"nearest_same_class": agree, "nearest_same_coarse_class": coarse}


def check(session, model: bytes, data: Dataset, tail: Tail, temperature: float) -> dict:
    """Raises where the file is too large, or its answers depend on the batch or differ from the trained network's."""
    if len(model) > LIMIT_BYTES:
        raise ValueError(f"the model has {len(model)} bytes, more than {LIMIT_BYTES}")
    some = data.val[:: max(1, len(data.val) // 8)][:8]
    images = np.stack([as_input(data.pictures[photo]) for photo in some])
    together = session.run(None, {"image": images})
    alone = [np.concatenate(parts) for parts in zip(
        *(session.run(None, {"image": image[None]}) for image in images), strict=True)]
    for whole, parts in zip(together, alone, strict=True):
        np.testing.assert_allclose(whole, parts, rtol=1e-3, atol=1e-4)
    labels, _, grocery = together[:3]
    np.testing.assert_allclose(labels.sum(1), 1, atol=1e-4)
    np.testing.assert_allclose(grocery, softmax(predict(tail, data.plain(some)), temperature), atol=0.02)
    return {
        "bytes": len(model), "sha256": hashlib.sha256(model).hexdigest(),
        "processor_milliseconds_an_image": {str(batch): milliseconds(session, batch) for batch in (1, 8)},
    }


def through_onnx(session, data: Dataset, limit: float) -> dict:
    """What the exported file makes of val."""
    made = [session.run(["grocery", "food"], {"image": as_input(data.pictures[photo])[None]}) for photo in data.val]
    grocery, food = (np.concatenate(parts) for parts in zip(*made, strict=True))
    exported = accuracy(grocery, data.classes[data.val])
    return {"accuracy_of_exported_file": exported, "refused_by_exported_file": float((food < limit).mean())}


def others(session, limit: float, photos: list[Path], table: Table) -> dict:
    """How many photos without food are refused, and which are not."""
    taken = {path.name: told(session, path, table) for path in photos}
    kept = {name: answer for name, answer in taken.items() if answer["food"] >= limit}
    return {"without_food": len(photos), "refused": len(photos) - len(kept), "not_refused": kept}


def told(session, path: Path, table: Table) -> dict:
    """What the model says of one photo."""
    image = as_input(open_picture(path.read_bytes()))[None]
    labels, food = session.run(["labels", "food"], {"image": image})
    best = int(labels[0].argmax())
    return {"label": table.names[best], "confidence": float(labels[0, best]), "food": float(food[0, 0])}


def write(home: Path, model: bytes, settings: str, figures: dict) -> None:
    (home / "1").mkdir(exist_ok=True)
    (home / "1" / "model.onnx").write_bytes(model)
    (home / "model.yaml").write_text(settings)
    (home / "figures.yaml").write_text("# What making/make.py measured. Shares, not percentages.\n" + as_yaml(figures))
    print(as_yaml(figures))


def as_yaml(value, depth: int = 0) -> str:
    """Nested dictionaries as YAML; lists and plain values in JSON's way, which YAML understands, rounded."""
    if isinstance(value, dict) and value:
        rows = []
        for key, inner in value.items():
            nested = isinstance(inner, dict) and inner
            below = "\n" + as_yaml(inner, depth + 1) if nested else " " + as_yaml(inner)
            rows.append(f"{'  ' * depth}{key}:{below}")
        return "".join(rows)
    rounded = json.loads(json.dumps(value), parse_float=lambda text: round(float(text), 4))
    return json.dumps(rounded) + "\n"


if __name__ == "__main__":
    main()
