/** `inference.GRPCInferenceService`: the Open Inference Protocol v2 with Triton's additions, over the scorer's own parts. */

import { GRPCInferenceService, type ModelInferRequest } from '../../../gen/grpc_service_pb.ts';
import { PalateError } from '../../errors.ts';
import type { OnHidden } from '../../rpc/answer-by-id.ts';
import type { Call } from '../../rpc/call.ts';
import { type BoundService, bindService } from '../../rpc/handlers.ts';
import type { ModelRegistry } from '../models/model-registry.ts';
import type { ModelRepository } from '../models/model-repository.ts';
import { callerOf } from '../question.ts';
import { createInfer, type InferParts } from './infer.ts';
import { inferStream } from './infer-stream.ts';
import { modelConfig, modelMetadata } from './model-description.ts';
import { modelFor } from './refusal.ts';
import { choiceOf, repositoryIndex } from './repository-calls.ts';
import { statisticsOf } from './statistics-answer.ts';

export interface InferenceServiceOptions extends InferParts {
  readonly models: ModelRegistry;
  readonly repository: ModelRepository;
  /** Whether all that the service needs has started. */
  readonly isStarted: () => boolean;
  readonly serverVersion: string;
  /** How long a request on a stream may take that brings no time of its own, in milliseconds. */
  readonly defaultTimeoutMillis: number;
  /** Told of the causes that a stream's answers hide. */
  readonly onHidden: OnHidden;
}

/** What of Triton's extensions is there. */
const extensions = [
  'classification',
  'model_configuration',
  'model_repository',
  'model_repository(unload_dependents)',
  'parameters',
  'schedule_policy',
  'statistics',
];

/** The service over its parts. Methods of extensions that are not there answer UNIMPLEMENTED, and say what to do instead. */
export function createInferenceService(options: InferenceServiceOptions): BoundService<typeof GRPCInferenceService> {
  const { models, repository, isStarted, serverVersion, defaultTimeoutMillis, onHidden, maxRequestImages } = options;
  const infer = createInfer(options);
  const versionsOf = (name: string) => models.versionsOf(name).map(({ version }) => version);
  const described = (name: string, version: string) => {
    const model = modelFor(models, name, version);
    return { model, versions: versionsOf(model.name) };
  };
  return bindService(GRPCInferenceService, {
    serverLive: () => ({ live: true }),
    serverReady: (_, call) => ({ ready: isStarted() && models.list().length > 0 && !call.draining.aborted }),
    modelReady: ({ name, version }) => ({ ready: isStarted() && isReady(models, name, version) }),
    serverMetadata: () => ({ name: 'palate', version: serverVersion, extensions }),
    modelMetadata({ name, version }) {
      const { model, versions } = described(name, version);
      return modelMetadata(model, versions);
    },
    modelConfig({ name, version }) {
      const { model, versions } = described(name, version);
      return { config: modelConfig(model, versions, maxRequestImages) };
    },
    modelStatistics: ({ name, version }) => ({ modelStats: asked(models, name, version).map(statisticsOf) }),
    modelInfer: (request, call) => infer(request, callerOf(call)),
    modelStreamInfer: (requests: AsyncIterable<ModelInferRequest>, call: Call) =>
      inferStream(infer, requests, call, defaultTimeoutMillis, onHidden),
    repositoryIndex: ({ repositoryName, ready }) => {
      refuseRepository(repositoryName);
      return repositoryIndex(repository, ready);
    },
    async repositoryModelLoad(request, { signal }) {
      refuseRepository(request.repositoryName);
      await repository.load(request.modelName, choiceOf(request), signal);
      return {};
    },
    async repositoryModelUnload({ repositoryName, modelName }, { signal }) {
      refuseRepository(repositoryName);
      await repository.unload(modelName, signal);
      return {};
    },
    ...unsupported,
  });
}

const sharedMemory = absent('shared memory is not supported: send tensors in the request');
const unsupported = {
  systemSharedMemoryStatus: sharedMemory,
  systemSharedMemoryRegister: sharedMemory,
  systemSharedMemoryUnregister: sharedMemory,
  cudaSharedMemoryStatus: sharedMemory,
  cudaSharedMemoryRegister: sharedMemory,
  cudaSharedMemoryUnregister: sharedMemory,
  traceSetting: absent('trace settings are not supported: traceparent in a call is what decides'),
  logSettings: absent('log settings are not changed over this protocol: set log.level in the configuration'),
};

function absent(message: string): () => never {
  return () => {
    throw new PalateError('NOT_IMPLEMENTED', message);
  };
}

function isReady(models: ModelRegistry, name: string, version: string): boolean {
  const asked = models.versionsOf(name).filter((model) => version === '' || model.version === version);
  return asked.some(({ isReady }) => isReady);
}

/** No name: all; no version: all of the model's. */
function asked(models: ModelRegistry, name: string, version: string) {
  if (name === '') return models.list().map(({ model }) => model);
  const found = modelFor(models, name, version);
  return version === '' ? models.versionsOf(name) : [found];
}

/** @throws PalateError INVALID_REQUEST: there is one, without a name */
function refuseRepository(name: string): void {
  if (name === '') return;
  const description = "'repository_name' specification is not supported: leave it empty";
  throw new PalateError('INVALID_REQUEST', description, { violations: [{ field: 'repository_name', description }] });
}
