"""models/food behind BentoML: a JPEG is the body of POST /score."""

from typing import Annotated

import bentoml
from bentoml.validators import ContentType
from photo import Model


@bentoml.service(name="food", workers=2, traffic={"timeout": 30}, logging={"access": {"enabled": False}})
class Food:
    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api(route="/score")
    def score(self, jpeg: Annotated[bytes, ContentType("image/jpeg")], /) -> dict:
        row, confidence = self.model.best(jpeg)
        return {"label": row, "confidence": confidence}
