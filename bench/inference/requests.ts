/** What a model is asked: requests encoded beforehand, so that a load costs less than what it measures. */

import { create, toBinary } from '@bufbuild/protobuf';
import { ModelInferRequestSchema } from '../../gen/grpc_service_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { writeBytesTensor } from '../../src/scoring/inference/bytes-tensor.ts';
import { createRandom } from '../random.ts';
import { randomTensor } from './datatypes.ts';
import type { SentTensor } from './tensors.ts';

export interface Asked {
  readonly name: string;
  readonly version: string;
}

/** Requests of one kind, sent in turn. */
export interface Requests {
  readonly encoded: readonly Uint8Array[];
  /** Images or rows in each. */
  readonly batch: number;
  /** What is in them, for people: `image UINT8 [1, 224, 224, 3]`. */
  readonly content: string;
}

/** So many requests differ. */
const different = 8;

/** Requests with random values in these tensors. The first dimension of the first one is the batch. */
export function randomRequests(asked: Asked, tensors: readonly SentTensor[]): Requests {
  const random = createRandom(1);
  const encoded = Array.from({ length: different }, () =>
    encode(
      asked,
      tensors,
      tensors.map(({ datatype, shape }) => randomTensor(datatype, elementsOf(shape), random)),
    ),
  );
  return { encoded, batch: tensors[0]?.shape[0] ?? 1, content: tensors.map(described).join('; ') };
}

/** Requests with encoded photos as elements of the one input, each with `batch` of them; every photo begins one. */
export function photoRequests(asked: Asked, input: string, photos: readonly Uint8Array[], batch: number): Requests {
  const tensor = { name: input, datatype: 'BYTES', shape: [batch] };
  const encoded = photos.map((_, first) => {
    const elements = Array.from({ length: batch }, (_, index) => photos[(first + index) % photos.length]!);
    return encode(asked, [tensor], [writeBytesTensor(elements)]);
  });
  const meanBytes = Math.round(photos.reduce((sum, { length }) => sum + length, 0) / photos.length);
  return { encoded, batch, content: `${described(tensor)}, ${photos.length} photos of ${meanBytes} bytes on average` };
}

/** Requests with these pixels, each `[size, size, 3]`, as elements of the one input. */
export function pixelRequests(asked: Asked, tensor: SentTensor, pixels: readonly Uint8Array[]): Requests {
  const encoded = pixels.map((one) => encode(asked, [tensor], [one]));
  return { encoded, batch: tensor.shape[0] ?? 1, content: described(tensor) };
}

/** The name of the one input. Throws USAGE where there are several: photos then have no place to go. */
export function photoInputOf(inputs: readonly { readonly name: string }[]): string {
  const [input] = inputs;
  if (input !== undefined && inputs.length === 1) return input.name;
  throw new PalateError('USAGE', `--photos needs a model with one input; this one has ${inputs.length}.`);
}

function encode({ name, version }: Asked, tensors: readonly SentTensor[], raw: readonly Uint8Array[]): Uint8Array {
  const inputs = tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(BigInt) }));
  const request = { modelName: name, modelVersion: version, inputs, rawInputContents: [...raw] };
  return toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, request));
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function described({ name, datatype, shape }: SentTensor): string {
  return `${name} ${datatype} [${shape.join(', ')}]`;
}
