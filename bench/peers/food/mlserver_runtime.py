"""models/food behind MLServer: a JPEG is the one element of a BYTES tensor."""

from mlserver import MLModel
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput
from photo import Model


class Food(MLModel):
    async def load(self) -> bool:
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        jpeg = payload.inputs[0].data.root[0]
        row, confidence = self.model.best(jpeg)
        outputs = [
            ResponseOutput(name="label", datatype="INT32", shape=[1], data=[row]),
            ResponseOutput(name="confidence", datatype="FP32", shape=[1], data=[confidence]),
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
