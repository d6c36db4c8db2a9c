/** A model as the protocol describes it: metadata for any client, and the configuration that Triton's clients read. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ModelMetadataResponseSchema } from '../../../gen/grpc_service_pb.ts';
import {
  DataType,
  type ModelConfigSchema,
  ModelInput_Format,
  ModelInstanceGroup_Kind,
  ModelQueuePolicy_TimeoutAction,
} from '../../../gen/model_config_pb.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import { priorityLevels } from './parameters.ts';

const platform = 'onnxruntime_onnx';

/** `versions`: all that are served under its name. */
export function modelMetadata(
  { name, manifest, inputSize }: LoadedModel,
  versions: readonly string[],
): MessageInitShape<typeof ModelMetadataResponseSchema> {
  const size = BigInt(inputSize);
  return {
    name,
    versions: [...versions],
    platform,
    inputs: [{ name: manifest.input.name, datatype: 'UINT8', shape: [-1n, size, size, 3n] }],
    outputs: manifest.outputs.map(({ name, length }) => ({ name, datatype: 'FP32', shape: [-1n, BigInt(length)] })),
  };
}

/** `maxRequestImages`: what a request may have; the model's own batches are the preferred size. */
export function modelConfig(
  model: LoadedModel,
  versions: readonly string[],
  maxRequestImages: number,
): MessageInitShape<typeof ModelConfigSchema> {
  const { name, manifest, inputSize } = model;
  const dims = [BigInt(inputSize), BigInt(inputSize), 3n];
  return {
    name,
    platform,
    backend: 'onnxruntime',
    versionPolicy: versionPolicy(versions),
    maxBatchSize: maxRequestImages,
    input: [{ name: manifest.input.name, dataType: DataType.TYPE_UINT8, format: ModelInput_Format.NHWC, dims }],
    output: manifest.outputs.map(({ name, length }) => ({
      name,
      dataType: DataType.TYPE_FP32,
      dims: [BigInt(length)],
      labelFilename: name === 'labels' ? 'classes.csv' : '',
    })),
    instanceGroup: [{ name, count: model.instances.length, kind: kindOf(model) }],
    defaultModelFilename: 'model.onnx',
    schedulingChoice: { case: 'dynamicBatching', value: dynamicBatching(model) },
    parameters: {
      encoded_images: {
        stringValue: 'the input also takes BYTES of shape [n]: a JPEG, PNG or the like in each element',
      },
      sha256: { stringValue: model.sha256 },
    },
    modelTransactionPolicy: { decoupled: false },
  };
}

/** A delay of 0: the batcher chooses its own, and on a CPU it waits for nothing. */
function dynamicBatching({ maxBatchImages, maxQueuedImages }: LoadedModel) {
  return {
    preferredBatchSize: [maxBatchImages],
    maxQueueDelayMicroseconds: 0n,
    priorityLevels: BigInt(priorityLevels),
    defaultPriorityLevel: BigInt((priorityLevels + 1) >> 1),
    defaultQueuePolicy: {
      timeoutAction: ModelQueuePolicy_TimeoutAction.REJECT,
      allowTimeoutOverride: true,
      maxQueueSize: maxQueuedImages,
    },
  };
}

function kindOf({ provider }: LoadedModel): ModelInstanceGroup_Kind {
  if (provider === 'remote') return ModelInstanceGroup_Kind.AUTO;
  return provider === 'cpu' ? ModelInstanceGroup_Kind.CPU : ModelInstanceGroup_Kind.GPU;
}

/** Triton's versions are numbers. Where ours are not, nothing is said. */
function versionPolicy(versions: readonly string[]) {
  const isNumbered = versions.every((version) => /^\d{1,18}$/.test(version));
  const policyChoice = isNumbered
    ? { case: 'specific' as const, value: { versions: versions.map(BigInt) } }
    : { case: undefined };
  return { policyChoice };
}
