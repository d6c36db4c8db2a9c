import type { ModelInferResponse } from '../../../../gen/grpc_service_pb.ts';
import { PalateError } from '../../../errors.ts';
import type { ModelTensor } from '../../models/manifest.ts';
import type { ModelOutput } from '../model-instance.ts';
import { outputOf, valuesOf } from '../model-output.ts';

/**
 * What a server says of the images of a batch, in their order. Its tensors may come in any order, raw or as numbers.
 * @throws PalateError MODEL_INVALID where they are not those of the model
 */
export function readOutputs(
  answer: ModelInferResponse,
  outputs: readonly ModelTensor[],
  images: number,
): readonly ModelOutput[] {
  const stride = valuesOf(outputs);
  const values = new Float32Array(images * stride);
  let offset = 0;
  for (const { name, length } of outputs) {
    const tensor = tensorOf(answer, name, images * length);
    for (let image = 0; image < images; image++) {
      values.set(tensor.subarray(image * length, (image + 1) * length), image * stride + offset);
    }
    offset += length;
  }
  return Array.from({ length: images }, (_, image) =>
    outputOf(values.subarray(image * stride, (image + 1) * stride), outputs),
  );
}

function tensorOf({ outputs, rawOutputContents }: ModelInferResponse, name: string, length: number): Float32Array {
  const index = outputs.findIndex((output) => output.name === name);
  const output = outputs[index];
  if (output === undefined) throw wrong(`it answered no output ${name}`);
  if (output.datatype !== 'FP32') throw wrong(`it answered output ${name} as ${output.datatype}, not FP32`);
  const raw = rawOutputContents[index];
  const tensor = raw === undefined ? Float32Array.from(output.contents?.fp32Contents ?? []) : floats(raw);
  if (tensor.length === length) return tensor;
  throw wrong(`it answered ${tensor.length} values of output ${name} instead of ${length}`);
}

/** Little-endian. A copy, since what came over the network may begin anywhere. */
function floats(raw: Uint8Array): Float32Array {
  if (raw.length % 4 !== 0) return new Float32Array(0);
  return new Float32Array(new Uint8Array(raw).buffer);
}

function wrong(problem: string): PalateError {
  return new PalateError('MODEL_INVALID', problem);
}
