/** From what a model said of images to the tensors of an answer: always raw, which is all that Triton's clients read. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ModelInferRequest,
  ModelInferRequest_InferRequestedOutputTensor,
  ModelInferResponseSchema,
} from '../../../gen/grpc_service_pb.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import type { ModelOutput } from '../providers/model-instance.ts';
import { writeBytesTensor } from './bytes-tensor.ts';
import { refuseSharedMemory, wholeNumber } from './parameters.ts';
import { invalid } from './refusal.ts';

/** A tensor that a request wants. */
export interface WantedOutput {
  readonly name: string;
  /** Where it begins in `ModelOutput.values`, and its length. */
  readonly offset: number;
  readonly length: number;
  /** So many of its largest values, with their labels (Triton's classification extension); 0: the tensor itself. */
  readonly classes: number;
}

/**
 * The outputs that a request names; none named: all.
 * @throws PalateError INVALID_REQUEST
 */
export function wantedOutputs({ outputs }: ModelInferRequest, model: LoadedModel): readonly WantedOutput[] {
  const all = tensorsOf(model);
  if (outputs.length === 0) return all;
  const named = new Set(outputs.map(({ name }) => name));
  if (named.size < outputs.length) {
    throw invalid(`an inference output is requested twice for model '${model.name}'`, 'outputs');
  }
  return outputs.map((output, index) => wanted(output, index, all, model));
}

function tensorsOf({ manifest }: LoadedModel): WantedOutput[] {
  let end = 0;
  return manifest.outputs.map(({ name, length }) => {
    end += length;
    return { name, offset: end - length, length, classes: 0 };
  });
}

function wanted(
  { name, parameters }: ModelInferRequest_InferRequestedOutputTensor,
  index: number,
  all: readonly WantedOutput[],
  model: LoadedModel,
): WantedOutput {
  const place = `outputs[${index}]`;
  const known = all.find((output) => output.name === name);
  if (known === undefined) {
    const names = all.map((output) => output.name).join(', ');
    throw invalid(`unexpected inference output '${name}' for model '${model.name}'; it has ${names}`, `${place}.name`);
  }
  refuseSharedMemory(parameters, name, place);
  const classes = wholeNumber(parameters, 'classification', `${place}.parameters`) ?? 0;
  return { ...known, classes: Math.min(classes, known.length) };
}

type Answer = MessageInitShape<typeof ModelInferResponseSchema>;

/** The tensors, a row for each image. */
export function writeOutputs(
  wanted: readonly WantedOutput[],
  images: readonly ModelOutput[],
  model: LoadedModel,
): Required<Pick<Answer, 'outputs' | 'rawOutputContents'>> {
  const count = BigInt(images.length);
  return {
    outputs: wanted.map(({ name, length, classes }) => ({
      name,
      datatype: classes > 0 ? 'BYTES' : 'FP32',
      shape: [count, BigInt(classes > 0 ? classes : length)],
    })),
    rawOutputContents: wanted.map((output) =>
      output.classes > 0 ? classification(output, images, model) : floats(output, images),
    ),
  };
}

/** Little-endian, as every processor that ONNX Runtime is built for. */
function floats({ offset, length }: WantedOutput, images: readonly ModelOutput[]): Uint8Array {
  const tensor = new Float32Array(images.length * length);
  for (const [index, { values }] of images.entries()) {
    tensor.set(values.subarray(offset, offset + length), index * length);
  }
  return new Uint8Array(tensor.buffer);
}

const encoder = new TextEncoder();

/** `value:index:label`, the largest value first; without a label where the output is none of classes. */
function classification(output: WantedOutput, images: readonly ModelOutput[], model: LoadedModel): Uint8Array {
  const { offset, length, classes, name } = output;
  const labels = name === 'labels' ? model.classes : [];
  const rows = images.flatMap(({ values }) => {
    const row = values.subarray(offset, offset + length);
    const best = Array.from(row.keys()).sort((one, other) => row[other]! - row[one]! || one - other);
    return best.slice(0, classes).map((index) => {
      const label = labels[index];
      return `${row[index]!.toFixed(6)}:${index}${label === undefined ? '' : `:${label.name}`}`;
    });
  });
  return writeBytesTensor(rows.map((row) => encoder.encode(row)));
}
