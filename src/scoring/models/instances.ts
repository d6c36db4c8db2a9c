/** Where a model runs: in threads of this process, or on other servers. Both give the batcher its workers. */

import { availableParallelism } from 'node:os';
import { PalateError } from '../../errors.ts';
import type { Batcher } from '../batcher/batcher.ts';
import type { LocalProvider, ModelImage, ModelOutput, Provider } from '../providers/model-instance.ts';
import { OnnxInstance } from '../providers/onnx-instance.ts';
import { RemoteGroup } from '../providers/remote/remote-group.ts';
import { defaultTarget, type RemoteTarget } from '../providers/remote/target.ts';
import { InstancePool, type StartInstance } from './instance-pool.ts';
import type { ModelManifest } from './manifest.ts';
import type { ModelOptions } from './model-options.ts';

/** What runs a model. */
export interface Instances {
  readonly provider: Provider;
  /** Whether an image could be run now. */
  readonly isReady: boolean;
  /** Of the weights, as far as it is known. */
  readonly sha256?: string | undefined;
  /** The largest batch. */
  readonly maxImages: number;
  counts(): readonly { readonly name: string; readonly batches: number; readonly images: number }[];
  start(signal?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface InstancesOptions {
  readonly manifest: ModelManifest;
  readonly batcher: Batcher<ModelImage, ModelOutput>;
  readonly options: ModelOptions;
}

/**
 * The servers that run a model; undefined: this process does.
 * @throws PalateError MODEL_INVALID where servers should, but none is named
 */
export function targetOf({ remote, name, version }: ModelManifest, options: ModelOptions): RemoteTarget | undefined {
  if (remote === undefined && options.provider !== 'remote') return undefined;
  const target = { addresses: [], model: name, version, ...defaultTarget, ...options.remote, ...remote };
  if (target.addresses.length > 0) return { ...target, addresses: [...new Set(target.addresses)] };
  const where = 'its model.yaml by remote.addresses, or the configuration by scoring.models.remote.addresses';
  throw new PalateError('MODEL_INVALID', `model ${name} is to run on other servers: name them in ${where}`);
}

/** In threads of this process. `weights`: the bytes of the ONNX file. */
export function localInstances({ manifest, batcher, options }: InstancesOptions, weights: Uint8Array): Instances {
  const { runTimeoutMillis = 10_000, startTimeoutMillis = 60_000, entry, log } = options;
  const provider = options.provider === undefined || options.provider === 'remote' ? 'cpu' : options.provider;
  const maxImages = (used: LocalProvider) => options.maxBatchImages ?? (used === 'cpu' ? 4 : 32);
  const fixed = { manifest, weights, maxImages, runTimeoutMillis, startTimeoutMillis, log };
  const startInstance: StartInstance = (name, used, onLost, signal) =>
    OnnxInstance.start({ ...fixed, name, provider: used, onLost, ...(entry === undefined ? {} : { entry }) }, signal);
  return new InstancePool({
    names: Array.from(
      { length: options.instances ?? defaultInstances(provider) },
      (_, index) => `${manifest.name}-${manifest.version}-${index}`,
    ),
    provider,
    maxImages,
    startInstance,
    onReady: (instance) => batcher.add(instance),
    onGone: (instance) => batcher.remove(instance),
    log,
  });
}

function defaultInstances(provider: LocalProvider): number {
  return provider === 'cpu' ? Math.min(availableParallelism(), 2) : 1;
}

/** On other servers. `sha256`: of the weights, where this process has them as well. */
export function remoteInstances(
  { manifest, batcher, options }: InstancesOptions,
  target: RemoteTarget,
  sha256: string | undefined,
): Instances {
  const { runTimeoutMillis = 10_000, maxBatchImages, log } = options;
  return new RemoteGroup({
    manifest,
    target,
    sha256,
    maxImages: maxBatchImages,
    runTimeoutMillis,
    onReady: (worker) => batcher.add(worker),
    onGone: (worker) => batcher.remove(worker),
    onNone: (errorOf) => batcher.pause(errorOf),
    onSome: () => batcher.resume(),
    log,
  });
}
