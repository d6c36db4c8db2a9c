/** Wires the standard inference protocol to the scorer's parts. */
import type { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import type { BoundService } from '../rpc/handlers.ts';
import type { InferParts } from '../scoring/inference/infer.ts';
import { createInferenceService } from '../scoring/inference/service.ts';
import type { ModelRegistry, ModelSource } from '../scoring/models/model-registry.ts';
import { ModelRepository } from '../scoring/models/model-repository.ts';
import type { Log } from '../telemetry/log.ts';
import { packageVersion } from './package-version.ts';
import { modelsMayChange } from './settings.ts';

/** What the scorer has already. */
export interface InferenceNeighbours extends Omit<InferParts, 'maxRequestImages'> {
  readonly models: ModelRegistry;
  /** Those that the registry starts with. */
  readonly sources: readonly ModelSource[];
  /** How a model from the repository is run. */
  readonly sourceOf: (folder: string) => ModelSource;
}

/** As many images in one request, at most; those of a usual model fit into a message. */
const maxRequestImages = 64;

/** The service, and what says that it is ready: the last part of the scorer to start. */
export interface InferenceRole {
  readonly service: BoundService<typeof GRPCInferenceService>;
  readonly part: Part;
}

/** The service `inference.GRPCInferenceService`. */
export function inferenceRole(
  config: Config,
  { sources, sourceOf, ...parts }: InferenceNeighbours,
  log: Log,
): InferenceRole {
  const { repository: root } = config.scoring.models;
  const repository = new ModelRepository({
    registry: parts.models,
    sources,
    mayChange: modelsMayChange(config),
    ...(root === '' ? {} : { root: sourceOf(root) }),
  });
  let isStarted = false;
  const service = createInferenceService({
    ...parts,
    repository,
    isStarted: () => isStarted,
    maxRequestImages,
    serverVersion: packageVersion(),
    defaultTimeoutMillis: config.rpc.defaultTimeoutMillis,
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a request on a stream failed'),
  });
  const start = async () => {
    isStarted = true;
  };
  return { service, part: { name: 'inference protocol', start } };
}
