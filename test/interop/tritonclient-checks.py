"""Calls a server by NVIDIA's own client, unmodified, and tells on standard output, as JSON, what came of it.

usage: tritonclient-checks.py HOST:PORT REPOSITORY PHOTO...

REPOSITORY is a folder with the model `tiny`, whose model.yaml the test edits. Each function below is a check; what it returns
goes out beside its name.
"""

import io
import json
import queue
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tritonclient.grpc as triton
from PIL import Image
from tritonclient.utils import InferenceServerException

address, repository, *photos = sys.argv[1:]
client = triton.InferenceServerClient(address)
random = np.random.default_rng(7)


def pixels(array):
    tensor = triton.InferInput("image", list(array.shape), "UINT8")
    tensor.set_data_from_numpy(array)
    return [tensor]


def noise(count, size=224):
    return random.integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def files(contents, shape=None):
    tensor = triton.InferInput("image", shape or [len(contents)], "BYTES")
    array = np.array(contents, dtype=np.object_)
    tensor.set_data_from_numpy(array if shape is None else array.reshape(shape))
    return [tensor]


def png(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def failure(call):
    try:
        call()
    except InferenceServerException as error:
        return [str(error.status()), error.message()]
    raise AssertionError("no error")


def parameters(result):
    return {name: value.int64_param for name, value in result.get_response().parameters.items()}


def health():
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("food") and client.is_model_ready("food", "1")
    assert not client.is_model_ready("food", "9") and not client.is_model_ready("meat")


def metadata():
    server = client.get_server_metadata(as_json=True)
    model = client.get_model_metadata("food", as_json=True)
    assert server["name"] == "palate" and "statistics" in server["extensions"]
    assert model["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": ["-1", "224", "224", "3"]}], model
    return [output["name"] for output in model["outputs"]]


def configuration():
    config = client.get_model_config("food").config
    assert config.max_batch_size >= 16 and config.HasField("dynamic_batching")
    assert [(one.name, list(one.dims)) for one in config.input] == [("image", [224, 224, 3])]
    return {one.name: list(one.dims) for one in config.output}


def tensors_in_batches_of_several_sizes():
    images = noise(17)
    alone = [client.infer("food", pixels(images[i : i + 1])).as_numpy("labels")[0] for i in range(4)]
    for count in (1, 2, 3, 4, 8, 17):
        result = client.infer("food", pixels(images[:count]), request_id=f"n{count}")
        assert result.get_response().id == f"n{count}" and result.get_response().model_version == "1"
        assert result.as_numpy("labels").shape == (count, 116)
        assert result.as_numpy("embedding").shape == (count, 256)
        assert result.as_numpy("grocery").shape == (count, 81)
        np.testing.assert_allclose(result.as_numpy("labels").sum(axis=1), 1, atol=1e-3)
        for index in range(min(count, 4)):
            np.testing.assert_allclose(result.as_numpy("labels")[index], alone[index], atol=1e-3)
        said = parameters(result)
        assert said["batch_size"] >= 1 and said["compute_microseconds"] > 0 and said["queue_microseconds"] >= 0


def files_of_photos():
    contents = [Path(photo).read_bytes() for photo in photos]
    result = client.infer("food", files(contents))
    as_column = client.infer("food", files(contents, [len(contents), 1]))
    np.testing.assert_allclose(as_column.as_numpy("labels"), result.as_numpy("labels"), atol=1e-3)
    return {"labels": result.as_numpy("labels").tolist(), "food": result.as_numpy("food").tolist()}


def a_png_is_what_its_pixels_are():
    image = noise(1)
    by_file = client.infer("food", files([png(image[0])])).as_numpy("labels")
    np.testing.assert_allclose(by_file, client.infer("food", pixels(image)).as_numpy("labels"), atol=1e-3)


def wanted_outputs():
    outputs = [triton.InferRequestedOutput("labels", class_count=2), triton.InferRequestedOutput("food")]
    result = client.infer("food", files([Path(photos[0]).read_bytes()]), outputs=outputs)
    assert [one.name for one in result.get_response().outputs] == ["labels", "food"]
    labels = result.as_numpy("labels")
    assert labels.shape == (1, 2)
    return labels[0][0].decode()


def many_callers_at_once():
    def ask(seed):
        images = np.random.default_rng(seed).integers(0, 256, (1 + seed % 3, 8, 8, 3), dtype=np.uint8)
        mean = client.infer("tiny", pixels(images)).as_numpy("mean")
        np.testing.assert_allclose(mean, images.mean(axis=(1, 2)), atol=0.01)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(200)))


def compressed_calls():
    images = noise(2, 8)
    for algorithm in ("gzip", "deflate"):
        result = client.infer("tiny", pixels(images), compression_algorithm=algorithm)
        np.testing.assert_allclose(result.as_numpy("mean"), images.mean(axis=(1, 2)), atol=0.01)


def asynchronous_calls():
    done = queue.Queue()
    for index in range(10):
        client.async_infer("tiny", pixels(noise(1, 8)), lambda result, error: done.put((result, error)), request_id=str(index))
    ids = set()
    for _ in range(10):
        result, error = done.get(timeout=10)
        assert error is None, error
        ids.add(result.get_response().id)
    assert len(ids) == 10


def a_stream():
    done = queue.Queue()
    client.start_stream(lambda result, error: done.put((result, error)))
    for index in range(5):
        name = "tiny" if index != 3 else "meat"
        client.async_stream_infer(name, pixels(noise(2, 8)), request_id=str(index), enable_empty_final_response=True)
    answers = [done.get(timeout=10) for _ in range(5)]
    client.stop_stream()
    assert [error is None for _, error in answers] == [True, True, True, False, True]
    assert "unknown model: 'meat'" in answers[3][1].message()
    results = [result.get_response() for result, error in answers if error is None]
    assert [one.id for one in results] == ["0", "1", "2", "4"]
    assert all(one.parameters["triton_final_response"].bool_param for one in results)


def statistics():
    before = client.get_inference_statistics("tiny").model_stats[0]
    for count in (1, 3):
        client.infer("tiny", pixels(noise(count, 8)))
    after = client.get_inference_statistics("tiny", "1").model_stats[0]
    assert after.inference_count - before.inference_count == 4
    assert after.inference_stats.success.count - before.inference_stats.success.count == 2
    assert after.execution_count > before.execution_count
    assert after.inference_stats.compute_infer.ns > before.inference_stats.compute_infer.ns
    assert sum(one.batch_size * one.compute_infer.count for one in after.batch_stats) >= after.inference_count
    assert {one.name for one in client.get_inference_statistics().model_stats} == {"food", "tiny"}


def version_edited(*versions):
    home = Path(repository) / "tiny"
    lines = [line for line in (home / "model.yaml").read_text().splitlines() if not line.startswith("version")]
    head = [f"version: {versions[0]}", f"versions: {list(versions)}"]
    (home / "model.yaml").write_text("\n".join(head + lines) + "\n")


def answering_version(version=""):
    result = client.infer("tiny", pixels(noise(1, 8)), model_version=version)
    assert int(result.as_numpy("version")[0, 0]) == int(result.get_response().model_version)
    return int(result.get_response().model_version)


def repository_control():
    states = {(one.name, one.version): one.state for one in client.get_model_repository_index().models}
    assert states == {("food", "1"): "READY", ("tiny", "1"): "READY", ("tiny", "2"): "UNAVAILABLE"}, states
    version_edited(2, 1)
    client.load_model("tiny")
    assert [answering_version(), answering_version("1"), answering_version("2")] == [2, 1, 2]
    client.load_model("tiny", config=json.dumps({"version_policy": {"specific": {"versions": [1]}}}))
    assert answering_version() == 1 and not client.is_model_ready("tiny", "2")
    client.unload_model("tiny")
    assert not client.is_model_ready("tiny")
    assert "unknown model: 'tiny'" in failure(answering_version)[1]
    version_edited(1)
    client.load_model("tiny")
    assert answering_version() == 1
    (Path(repository) / "tiny" / "1" / "model.onnx").rename(Path(repository) / "kept")
    try:
        assert failure(lambda: client.load_model("tiny"))[0] == "StatusCode.FAILED_PRECONDITION"
        assert answering_version() == 1
    finally:
        (Path(repository) / "kept").rename(Path(repository) / "tiny" / "1" / "model.onnx")
    return failure(lambda: client.load_model("meat"))


def errors():
    wrong_shape = pixels(noise(1, 100))
    return {
        "model": failure(lambda: client.infer("meat", pixels(noise(1)))),
        "version": failure(lambda: client.infer("food", pixels(noise(1)), model_version="9")),
        "shape": failure(lambda: client.infer("food", wrong_shape)),
        "output": failure(lambda: client.infer("food", pixels(noise(1)), outputs=[triton.InferRequestedOutput("x")])),
        "file": failure(lambda: client.infer("food", files([b"no photo"]))),
        "memory": failure(lambda: client.get_system_shared_memory_status()),
    }


def timeouts():
    began = time.monotonic()
    first = failure(lambda: client.infer("food", pixels(noise(16)), timeout=1000))
    second = failure(lambda: client.infer("food", pixels(noise(16)), client_timeout=0.005))
    assert time.monotonic() - began < 5
    client.infer("food", pixels(noise(1)), timeout=5_000_000, priority=1, client_timeout=20)
    return [first[0], second[0]]


checks = [
    health, metadata, configuration, tensors_in_batches_of_several_sizes, files_of_photos, a_png_is_what_its_pixels_are,
    wanted_outputs, many_callers_at_once, compressed_calls, asynchronous_calls, a_stream, statistics, repository_control, errors, timeouts,
]  # fmt: skip
outcomes = {}
for check in checks:
    try:
        outcomes[check.__name__] = {"result": check()}
    except Exception:
        outcomes[check.__name__] = {"error": traceback.format_exc()}
print(json.dumps(outcomes))
