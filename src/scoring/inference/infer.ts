/** One request of the Open Inference Protocol: tensors or encoded images → batches → tensors. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ModelInferRequest, ModelInferResponseSchema } from '../../../gen/grpc_service_pb.ts';
import { isPalateError, PalateError } from '../../errors.ts';
import type { Clock } from '../batcher/clock.ts';
import type { Decoder } from '../decoding/decoder.ts';
import type { InferenceOptions, LoadedModel } from '../models/loaded-model.ts';
import type { ModelOutput } from '../providers/model-instance.ts';
import type { ScoreCall } from '../question.ts';
import type { Admission, Lease } from '../stages/admit.ts';
import { waitFor } from '../stages/caller.ts';
import { type InputImages, readImages } from './input-images.ts';
import { wantedOutputs, writeOutputs } from './output-tensors.ts';
import { integerParameter, scheduleOf } from './parameters.ts';
import { type Models, modelFor } from './refusal.ts';

export interface InferParts {
  readonly clock: Clock;
  readonly models: Models;
  readonly decoder: Pick<Decoder, 'decode'>;
  readonly admission: Pick<Admission, 'admit'>;
  /** Images in one request, at most. They are split into as many batches as the model needs. */
  readonly maxRequestImages: number;
}

export type InferResponse = MessageInitShape<typeof ModelInferResponseSchema>;

/** Answers a request, or throws why not. */
export type Infer = (request: ModelInferRequest, call: ScoreCall) => Promise<InferResponse>;

/** What a model said of one image, and where the time went, in microseconds. */
interface Look {
  readonly output: ModelOutput;
  readonly batchImages: number;
  readonly inputMicros: number;
  readonly queueMicros: number;
  readonly inferMicros: number;
}

/**
 * The result throws PalateError MODEL_UNKNOWN, INVALID_REQUEST, UNREADABLE, TOO_LARGE, OVERLOADED, DEADLINE_EXCEEDED,
 * WORKER_LOST; also the reason of the caller's signal. A request fails as a whole.
 */
export function createInfer(parts: InferParts): Infer {
  return async (request, call) => {
    const began = performance.now();
    const model = modelFor(parts.models, request.modelName, request.modelVersion);
    // It may be replaced while images are decoded: what was begun with it ends with it.
    const release = model.hold();
    try {
      return await infer(parts, model, request, call, began);
    } catch (error) {
      model.statistics.failed(microsSince(began));
      throw error;
    } finally {
      release();
    }
  };
}

async function infer(
  parts: InferParts,
  model: LoadedModel,
  request: ModelInferRequest,
  call: ScoreCall,
  began: number,
): Promise<InferResponse> {
  const { timeoutMillis, priority } = scheduleOf(request.parameters);
  const wanted = wantedOutputs(request, model);
  const input = readImages(request, model, parts.maxRequestImages);
  const deadlineMillis = Math.min(call.deadlineMillis, parts.clock.now() + timeoutMillis);
  const { tenant, signal, span } = call;
  const looks = await lookAt(parts, model, input, { tenant, signal, span, deadlineMillis }, priority);
  const looked = performance.now();
  const images = looks.map(({ output }) => output);
  const tensors = writeOutputs(wanted, images, model);
  const last = looks.reduce((one, other) => (microsOf(other) > microsOf(one) ? other : one));
  const { inputMicros, queueMicros, inferMicros } = last;
  const times = { totalMicros: microsSince(began), inputMicros, queueMicros, inferMicros };
  model.statistics.succeeded(images.length, { ...times, outputMicros: microsSince(looked) });
  return {
    modelName: model.name,
    modelVersion: model.version,
    id: request.id,
    parameters: {
      batch_size: integerParameter(last.batchImages),
      queue_microseconds: integerParameter(queueMicros),
      decode_microseconds: integerParameter(inputMicros),
      compute_microseconds: integerParameter(inferMicros),
    },
    ...tensors,
  };
}

/** In the order of the images. Ends what still waits when one of them fails, or the caller gives up. */
async function lookAt(
  { admission, decoder, clock }: InferParts,
  model: LoadedModel,
  { isEncoded, images }: InputImages,
  caller: ScoreCall,
  priority: number | undefined,
): Promise<readonly Look[]> {
  const leases: Lease[] = [];
  const over = new AbortController();
  const signal = AbortSignal.any([caller.signal, over.signal]);
  const { tenant, deadlineMillis, span } = caller;
  const options = { deadlineMillis, signal, span, ...(priority === undefined ? {} : { priority }) };
  try {
    caller.signal.throwIfAborted();
    for (const { length } of images) leases.push(admission.admit({ tenant, bytes: length, deadlineMillis }));
    const looks = isEncoded ? lookAtFiles(decoder, model, images, options) : lookAtPixels(model, images, options);
    return await waitFor(looks, caller, clock);
  } finally {
    over.abort(new PalateError('CANCELLED', 'another image of the same request failed'));
    for (const lease of leases) lease.release();
  }
}

async function lookAtPixels(model: LoadedModel, images: readonly Uint8Array[], options: InferenceOptions) {
  const all = await model.inferParts(images, options);
  return all.map(({ output, batchImages, queueMicros, runMicros }) => {
    return { output, batchImages, queueMicros, inputMicros: 0, inferMicros: runMicros };
  });
}

/** Each goes to a batch as soon as it is decoded. */
function lookAtFiles(
  decoder: InferParts['decoder'],
  model: LoadedModel,
  images: readonly Uint8Array[],
  options: InferenceOptions,
): Promise<readonly Look[]> {
  const lookAtFile = async (bytes: Uint8Array, index: number): Promise<Look> => {
    try {
      const decoded = await decoder.decode(bytes, model.manifest.input, options);
      const { output, batchImages, queueMicros, runMicros } = await model.inferPart(decoded.pixels, options);
      const waited = decoded.queueMicros + queueMicros;
      return { output, batchImages, queueMicros: waited, inputMicros: decoded.decodeMicros, inferMicros: runMicros };
    } catch (error) {
      throw ofElement(error, index, model);
    }
  };
  return Promise.all(images.map(lookAtFile));
}

/** A photo's own fault names the photo. */
function ofElement(error: unknown, index: number, model: LoadedModel): unknown {
  if (!isPalateError(error) || (error.reason !== 'UNREADABLE' && error.reason !== 'TOO_LARGE')) return error;
  const { name } = model.manifest.input;
  const description = `input '${name}' for model '${model.name}', element ${index}: ${error.message}`;
  const violations = [{ field: `inputs[0].contents.bytes_contents[${index}]`, description }];
  return new PalateError(error.reason, description, { cause: error, violations });
}

function microsOf({ inputMicros, queueMicros, inferMicros }: Look): number {
  return inputMicros + queueMicros + inferMicros;
}

function microsSince(began: number): number {
  return Math.round((performance.now() - began) * 1e3);
}
