/** The inference service over toy models, called in memory. */

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  GRPCInferenceService,
  type InferParameter,
  InferParameterSchema,
  type ModelInferRequestSchema,
  type ModelInferResponse,
} from '../../../gen/grpc_service_pb.ts';
import { createMemoryClient } from '../../../src/rpc/client/memory-client.ts';
import { systemClock } from '../../../src/scoring/batcher/clock.ts';
import { Decoder } from '../../../src/scoring/decoding/decoder.ts';
import { createInferenceService } from '../../../src/scoring/inference/service.ts';
import { ModelRegistry, type ModelSource } from '../../../src/scoring/models/model-registry.ts';
import { ModelRepository } from '../../../src/scoring/models/model-repository.ts';
import { Admission } from '../../../src/scoring/stages/admit.ts';
import type { Scope } from '../models/model-folder.ts';
import { keptLog, toyEntry } from '../models/toy-model.ts';

export interface OpenOptions {
  readonly folders: readonly string[];
  readonly root?: string;
  readonly mayChange?: boolean;
  /** Over all sources. */
  readonly source?: Partial<ModelSource>;
  readonly maxImages?: number;
}

export async function openInference(
  test: Scope,
  { folders, root, mayChange = true, source, maxImages = 512 }: OpenOptions,
) {
  const { log } = keptLog();
  const sourceOf = (folder: string): ModelSource => ({ folder, entry: toyEntry, instances: 1, log, ...source });
  const sources = folders.map(sourceOf);
  const models = new ModelRegistry(sources);
  const repository = new ModelRepository({
    registry: models,
    sources,
    mayChange,
    ...(root === undefined ? {} : { root: sourceOf(root) }),
  });
  const admission = new Admission({ clock: systemClock, maxImages, maxBytes: 2 ** 24 });
  const hidden: unknown[] = [];
  const service = createInferenceService({
    clock: systemClock,
    models,
    repository,
    decoder: new Decoder({ parallel: 2 }),
    admission,
    maxRequestImages: 16,
    isStarted: () => true,
    serverVersion: '1.2.3',
    defaultTimeoutMillis: 10_000,
    onHidden: (_, cause) => hidden.push(cause),
  });
  await models.start();
  test.after(() => models.stop());
  return { client: createMemoryClient(service), service, models, repository, admission, hidden };
}

export { GRPCInferenceService };

export type Request = Extract<MessageInitShape<typeof ModelInferRequestSchema>, { readonly $typeName?: never }>;

/** Images of the toy model, 2 × 2 pixels, as its own tensor in raw form. */
export function pixels(images: readonly Uint8Array[], more: Partial<Request> = {}): Request {
  return {
    modelName: 'fish',
    inputs: [{ name: 'image', datatype: 'UINT8', shape: [BigInt(images.length), 2n, 2n, 3n] }],
    rawInputContents: [Uint8Array.from(images.flatMap((image) => [...image]))],
    ...more,
  };
}

/** An output of an answer as numbers. */
export function numbers({ outputs, rawOutputContents }: ModelInferResponse, name: string): number[] {
  const raw = rawOutputContents[outputs.findIndex((output) => output.name === name)];
  if (raw === undefined) throw new Error(`no output ${name}`);
  // A copy: a view may begin anywhere.
  return [...new Float32Array(Uint8Array.from(raw).buffer)];
}

export function int(value: number): InferParameter {
  return create(InferParameterSchema, { parameterChoice: { case: 'int64Param', value: BigInt(value) } });
}

export function text(value: string): InferParameter {
  return create(InferParameterSchema, { parameterChoice: { case: 'stringParam', value } });
}
