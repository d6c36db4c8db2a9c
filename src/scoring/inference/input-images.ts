/** From the tensors of a request to the images in them. */

import type { ModelInferRequest, ModelInferRequest_InferInputTensor } from '../../../gen/grpc_service_pb.ts';
import { formatOf } from '../decoding/image-header.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import { readBytesTensor } from './bytes-tensor.ts';
import { refuseSharedMemory } from './parameters.ts';
import { invalid } from './refusal.ts';

/** The images of a request, in its order. */
export interface InputImages {
  /** True: each is a JPEG, PNG or the like. False: each is `size · size · 3` bytes of RGB. */
  readonly isEncoded: boolean;
  /** Views of the request. */
  readonly images: readonly Uint8Array[];
}

/** Where the contents of the input are. */
interface Input {
  readonly tensor: ModelInferRequest_InferInputTensor;
  /** Undefined: in the tensor's `contents`. */
  readonly raw: Uint8Array | undefined;
}

/**
 * The model's own uint8 tensor `[n, size, size, 3]`, or `BYTES` of the shape `[n]` or `[n, 1]` with an encoded image in each
 * element, as OpenVINO Model Server takes them.
 * @throws PalateError INVALID_REQUEST
 */
export function readImages(request: ModelInferRequest, model: LoadedModel, maxImages: number): InputImages {
  const input = inputOf(request, model);
  const { tensor } = input;
  refuseSharedMemory(tensor.parameters, tensor.name, 'inputs[0]');
  if (tensor.datatype !== 'UINT8' && tensor.datatype !== 'BYTES') throw wrongDatatype(tensor, model);
  const isEncoded = tensor.datatype === 'BYTES';
  const count = countOf(tensor, model, isEncoded);
  if (count > maxImages) {
    throw invalid(`inference request batch-size must be <= ${maxImages} for '${model.name}'`, 'inputs[0].shape');
  }
  return { isEncoded, images: isEncoded ? encodedImages(input, count, model) : pixelImages(input, count, model) };
}

/** The one input of the model, and where its contents are. */
function inputOf({ inputs, rawInputContents }: ModelInferRequest, model: LoadedModel): Input {
  const wanted = model.manifest.input.name;
  const stranger = inputs.find(({ name }) => name !== wanted);
  if (stranger !== undefined) {
    const problem = `unexpected inference input '${stranger.name}' for model '${model.name}'; its only input is '${wanted}'`;
    throw invalid(problem, 'inputs');
  }
  const [tensor] = inputs;
  if (tensor === undefined || inputs.length > 1) {
    throw invalid(`expected 1 inputs but got ${inputs.length} inputs for model '${model.name}': '${wanted}'`, 'inputs');
  }
  if (rawInputContents.length === 0) return { tensor, raw: undefined };
  if (tensor.contents !== undefined) {
    const problem = `contents field must not be specified when using raw_input_contents for '${wanted}' for model '${model.name}'`;
    throw invalid(problem, 'inputs[0].contents');
  }
  if (rawInputContents.length === 1) return { tensor, raw: rawInputContents[0]! };
  const found = `${rawInputContents.length} raw_input_contents for 1 inputs for model '${model.name}'`;
  throw invalid(`expected 1 raw_input_contents but got ${found}`, 'raw_input_contents');
}

function countOf({ shape }: ModelInferRequest_InferInputTensor, model: LoadedModel, isEncoded: boolean): number {
  const [count = 0n, ...rest] = shape;
  const { size, name } = model.manifest.input;
  const fits = isEncoded
    ? rest.length === 0 || (rest.length === 1 && rest[0] === 1n)
    : rest.join() === [size, size, 3].join();
  if (fits && count >= 1n) return Number(count);
  const expected = isEncoded ? '[-1]' : `[-1,${size},${size},3]`;
  const problem = `unexpected shape for input '${name}' for model '${model.name}'. Expected ${expected}, got [${shape.join()}]`;
  throw invalid(problem, 'inputs[0].shape');
}

function pixelImages({ tensor, raw }: Input, count: number, model: LoadedModel): Uint8Array[] {
  const bytes = raw ?? pixelContents(tensor, model);
  const each = model.inputSize ** 2 * 3;
  if (bytes.length !== each * count) throw wrongLength(tensor, bytes.length, `${each * count} bytes`, model);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * each, (index + 1) * each));
}

function pixelContents({ contents, name }: ModelInferRequest_InferInputTensor, model: LoadedModel): Uint8Array {
  const values = contents?.uintContents ?? [];
  if (values.some((value) => value > 255)) {
    throw invalid(`input '${name}' for model '${model.name}' has values above 255`, 'inputs[0].contents.uint_contents');
  }
  return Uint8Array.from(values);
}

function encodedImages({ tensor, raw }: Input, count: number, model: LoadedModel): readonly Uint8Array[] {
  const elements = raw === undefined ? (tensor.contents?.bytesContents ?? []) : rawElements(raw, count);
  if (elements?.length === count) return elements;
  const found = elements === undefined ? 'contents that are no elements behind their lengths' : elements.length;
  throw wrongLength(tensor, found, `${count} elements, each behind its length as 4 bytes, little-endian`, model);
}

/** One image may come without its length: some clients send the bytes of a file as they are. */
function rawElements(raw: Uint8Array, count: number): readonly Uint8Array[] | undefined {
  const elements = readBytesTensor(raw);
  const isFile = count === 1 && formatOf(raw) !== undefined;
  const isTensor = elements?.length === 1 && formatOf(elements[0]!) !== undefined;
  return isFile && !isTensor ? [raw] : elements;
}

function wrongDatatype({ name, datatype, contents }: ModelInferRequest_InferInputTensor, model: LoadedModel) {
  const isHalf = datatype === 'FP16' || datatype === 'BF16';
  const also = isHalf && contents !== undefined ? `; and ${datatype} may come as raw_input_contents only` : '';
  const expected = `expects 'UINT8', or 'BYTES' for encoded images${also}`;
  const problem = `inference input '${name}' data-type is '${datatype}', but model '${model.name}' ${expected}`;
  return invalid(problem, 'inputs[0].datatype');
}

function wrongLength(
  { name }: ModelInferRequest_InferInputTensor,
  found: number | string,
  expected: string,
  model: LoadedModel,
) {
  const problem = `unexpected total size for input '${name}' for model '${model.name}': got ${found}, expecting ${expected}`;
  return invalid(problem, 'inputs[0]');
}
