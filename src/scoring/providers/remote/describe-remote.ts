/** What a server says of a model before it is asked to run it, held against the `model.yaml` of this process. */

import type {
  GRPCInferenceService,
  ModelMetadataResponse,
  ModelMetadataResponse_TensorMetadata,
} from '../../../../gen/grpc_service_pb.ts';
import type { ModelConfig } from '../../../../gen/model_config_pb.ts';
import { isPalateError, PalateError } from '../../../errors.ts';
import type { Client, ClientCallOptions } from '../../../rpc/client/client.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import type { RemoteTarget } from './target.ts';

export type InferenceClient = Client<typeof GRPCInferenceService>;

/** A model as one server has it. */
export interface RemoteDescription {
  /** What the server likes best in one request; undefined: it does not say. */
  readonly maxImages: number | undefined;
  /** Of its weights, 64 hex digits; undefined: it does not say. */
  readonly sha256: string | undefined;
}

/**
 * Asks whether the model is there and what it is like.
 * @throws PalateError MODEL_INVALID: it is another model; STARTING: it is not ready yet; also what the calls fail with
 */
export async function describeRemote(
  client: InferenceClient,
  { model: name, version }: Pick<RemoteTarget, 'model' | 'version'>,
  manifest: Pick<ModelManifest, 'input' | 'outputs'>,
  options: ClientCallOptions,
): Promise<RemoteDescription> {
  const { ready } = await client.modelReady({ name, version }, options);
  if (!ready) throw new PalateError('STARTING', `its model ${[name, version].join(' ').trim()} is not ready`);
  checkMetadata(await client.modelMetadata({ name, version }, options), manifest);
  const config = await configOf(client, { name, version }, options);
  return { maxImages: likedImages(config), sha256: config?.parameters['sha256']?.stringValue };
}

/** @throws PalateError MODEL_INVALID, with all that differs */
export function checkMetadata(
  { inputs, outputs }: Pick<ModelMetadataResponse, 'inputs' | 'outputs'>,
  manifest: Pick<ModelManifest, 'input' | 'outputs'>,
): void {
  const { name, size } = manifest.input;
  const strangers = inputs
    .filter((input) => input.name !== name)
    .map((input) => `it has a further input ${input.name}`);
  const problems = [
    problemOf('input', inputs, name, 'UINT8', [size, size, 3]),
    ...manifest.outputs.map((output) => problemOf('output', outputs, output.name, 'FP32', [output.length])),
    ...strangers,
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  throw new PalateError('MODEL_INVALID', `it has another model than model.yaml says: ${problems.join('; ')}`);
}

/** The first dimension is the batch; -1: any size. */
function problemOf(
  kind: string,
  tensors: readonly ModelMetadataResponse_TensorMetadata[],
  name: string,
  datatype: string,
  shape: readonly number[],
): string | undefined {
  const tensor = tensors.find((other) => other.name === name);
  if (tensor === undefined) {
    const names = tensors.map((other) => other.name).join(', ') || 'none';
    return `it has no ${kind} ${name} (it has ${names})`;
  }
  const found = tensor.shape.map(Number);
  const fits =
    found.length === shape.length + 1 && found.slice(1).every((size, at) => size === -1 || size === shape[at]);
  if (tensor.datatype === datatype && found[0] === -1 && fits) return undefined;
  const wanted = `${datatype} [-1, ${shape.join(', ')}]`;
  return `its ${kind} ${name} is ${tensor.datatype} [${found.join(', ')}], not ${wanted}`;
}

/** Triton's own call, which not every server has. */
async function configOf(
  client: InferenceClient,
  model: { readonly name: string; readonly version: string },
  options: ClientCallOptions,
): Promise<ModelConfig | undefined> {
  try {
    return (await client.modelConfig(model, options)).config;
  } catch (error) {
    if (isPalateError(error) && error.code === 'UNIMPLEMENTED') return undefined;
    throw error;
  }
}

function likedImages(config: ModelConfig | undefined): number | undefined {
  if (config === undefined) return undefined;
  const { schedulingChoice, maxBatchSize } = config;
  const preferred = schedulingChoice.case === 'dynamicBatching' ? schedulingChoice.value.preferredBatchSize : [];
  const most = Math.max(0, ...preferred) || maxBatchSize;
  return most > 0 ? most : undefined;
}
