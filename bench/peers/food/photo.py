"""What both Python peers do to a photo: decode it as models/food wants it, and run the model on one thread."""

from io import BytesIO
from os import environ

import numpy
import onnxruntime
from PIL import Image, ImageOps

SIZE = 224


def pixels(jpeg: bytes) -> numpy.ndarray:
    """The middle square, turned as the EXIF says, [1, 224, 224, 3]; a large JPEG is decoded at a part of its size."""
    image = Image.open(BytesIO(jpeg))
    image.draft("RGB", (SIZE, SIZE))
    upright = ImageOps.exif_transpose(image).convert("RGB")
    return numpy.asarray(ImageOps.fit(upright, (SIZE, SIZE), Image.Resampling.BICUBIC))[numpy.newaxis]


class Model:
    """The session of one process. FOOD_MODEL: the path of model.onnx."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(environ["FOOD_MODEL"], options, providers=["CPUExecutionProvider"])

    def best(self, jpeg: bytes) -> tuple[int, float]:
        """The likeliest row of classes.csv, and its probability."""
        [labels] = self.session.run(["labels"], {"image": pixels(jpeg)})
        row = int(labels[0].argmax())
        return row, float(labels[0][row])
