/** Triton's model repository extension, over ours. */

import { fromJsonString, type MessageInitShape } from '@bufbuild/protobuf';
import type {
  ModelRepositoryParameter,
  RepositoryIndexResponseSchema,
  RepositoryModelLoadRequest,
} from '../../../gen/grpc_service_pb.ts';
import { type ModelConfig, ModelConfigSchema } from '../../../gen/model_config_pb.ts';
import type { ModelRepository, VersionChoice } from '../models/model-repository.ts';
import { invalid } from './refusal.ts';

/** `onlyReady`: those alone that answer. */
export function repositoryIndex(
  repository: ModelRepository,
  onlyReady: boolean,
): MessageInitShape<typeof RepositoryIndexResponseSchema> {
  const models = repository.index().filter(({ state }) => !onlyReady || state === 'READY');
  return { models: models.map((model) => ({ ...model })) };
}

/**
 * Which versions a request to load a model chooses: the `version_policy` of its parameter `config`. The rest of the
 * configuration is the model's own `model.yaml`, and its files are those on the disk.
 * @throws PalateError INVALID_REQUEST
 */
export function choiceOf({ parameters }: RepositoryModelLoadRequest): VersionChoice | undefined {
  const stranger = Object.keys(parameters).find((name) => name !== 'config');
  if (stranger !== undefined) {
    const problem = `parameter '${stranger}' is not supported: models are loaded from the server's folders`;
    throw invalid(problem, `parameters["${stranger}"]`);
  }
  const config = parameters['config'];
  return config === undefined ? undefined : versionsOf(parse(config));
}

const place = 'parameters["config"]';

function parse({ parameterChoice }: ModelRepositoryParameter): ModelConfig {
  if (parameterChoice.case !== 'stringParam') throw invalid("parameter 'config' should be a JSON string", place);
  try {
    return fromJsonString(ModelConfigSchema, parameterChoice.value);
  } catch (error) {
    throw invalid(`parameter 'config' is not the JSON of a ModelConfig: ${(error as Error).message}`, place);
  }
}

function versionsOf({ $typeName: _, name: _name, versionPolicy, ...others }: ModelConfig): VersionChoice | undefined {
  const stranger = Object.entries(others).find(([, value]) => isSet(value))?.[0];
  if (stranger !== undefined) {
    throw invalid(`config: '${stranger}' can't be given here, version_policy alone; the rest is in model.yaml`, place);
  }
  const policy = versionPolicy?.policyChoice;
  if (policy?.case === 'all') return 'all';
  if (policy?.case === 'latest') return { latest: Math.max(1, policy.value.numVersions) };
  if (policy?.case === 'specific') return { only: policy.value.versions.map(String) };
  return undefined;
}

function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null && 'case' in value) return value.case !== undefined;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== '' && value !== 0 && value !== false;
}
