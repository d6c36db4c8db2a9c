import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isPalateError, PalateError, type Reason } from '../../errors.ts';
import { type Batched, Batcher, type Submission } from '../batcher/batcher.ts';
import { systemClock } from '../batcher/clock.ts';
import type { ModelImage, ModelOutput, Provider } from '../providers/model-instance.ts';
import { type Instances, localInstances, remoteInstances, targetOf } from './instances.ts';
import type { ModelManifest } from './manifest.ts';
import type { ModelClass } from './model-class.ts';
import type { ModelOptions } from './model-options.ts';
import { ModelStatistics } from './model-statistics.ts';

/** An instance as `ListModels` tells of it. */
export interface InstanceStatus {
  readonly name: string;
  readonly perImageMillis: number;
  readonly perBatchMillis: number;
  readonly batches: number;
  readonly images: number;
}

/** When and how urgently an image is wanted. */
export type InferenceOptions = Pick<Submission<ModelImage>, 'deadlineMillis' | 'priority' | 'signal' | 'span'>;

/** A model that runs: several instances behind one batcher. */
export class LoadedModel {
  readonly manifest: ModelManifest;
  readonly requestedProvider: Provider;
  readonly batcher: Batcher<ModelImage, ModelOutput>;
  readonly statistics = new ModelStatistics();
  readonly maxQueuedImages: number;
  readonly #instances: Instances;
  readonly #sha256: string | undefined;
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  private constructor(manifest: ModelManifest, weights: Uint8Array | undefined, options: ModelOptions) {
    const { maxQueuedImages = 256 } = options;
    const target = targetOf(manifest, options);
    this.manifest = manifest;
    this.#sha256 = weights && createHash('sha256').update(weights).digest('hex');
    this.requestedProvider = target === undefined ? (options.provider ?? 'cpu') : 'remote';
    this.maxQueuedImages = maxQueuedImages;
    const mayRetry = (error: unknown) => isPalateError(error) && mayHelp.has(error.reason);
    const onRun = (images: number, millis: number) => this.statistics.ran(images, millis);
    this.batcher = new Batcher({ clock: systemClock, maxQueuedImages, mayRetry, onRun });
    const parts = { manifest, batcher: this.batcher, options };
    this.#instances =
      target === undefined ? localInstances(parts, weights!) : remoteInstances(parts, target, this.#sha256);
  }

  /**
   * Loads a model and warms it up. One that runs on other servers of which none can be reached is loaded all the same, and is
   * ready when one is there.
   * @throws PalateError MODEL_INVALID, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason. Nothing of it runs then.
   */
  static async start(manifest: ModelManifest, options: ModelOptions, signal?: AbortSignal): Promise<LoadedModel> {
    const isLocal = targetOf(manifest, options) === undefined;
    const weights = isLocal || existsSync(manifest.file) ? await readWeights(manifest.file) : undefined;
    const model = new LoadedModel(manifest, weights, options);
    try {
      await model.#instances.start(signal);
    } catch (error) {
      throw named(error, manifest.file);
    }
    const { name, version, sha256, requestedProvider, provider, instances, isReady } = model;
    options.log.info({ name, version, sha256, requestedProvider, provider, instances, isReady }, 'a model is loaded');
    return model;
  }

  get name(): string {
    return this.manifest.name;
  }

  get version(): string {
    return this.manifest.version;
  }

  get classes(): readonly ModelClass[] {
    return this.manifest.classes;
  }

  get foodThreshold(): number {
    return this.manifest.foodThreshold;
  }

  /** Pixels a side of the images that it takes. */
  get inputSize(): number {
    return this.manifest.input.size;
  }

  /** 0: it has none. */
  get embeddingLength(): number {
    return this.manifest.embeddingLength;
  }

  /** Of its weights: 64 lower-case hex digits. Empty: they are elsewhere, and nobody has said. */
  get sha256(): string {
    return this.#sha256 ?? this.#instances.sha256 ?? '';
  }

  /** Whether it can be asked now. */
  get isReady(): boolean {
    return this.#instances.isReady;
  }

  /** What it runs on. */
  get provider(): Provider {
    return this.#instances.provider;
  }

  get maxBatchImages(): number {
    return this.#instances.maxImages;
  }

  /** Its instances, or the servers that run it, with what was learned of their speed. One that is not there costs 0. */
  get instances(): readonly InstanceStatus[] {
    const costs = this.batcher.costs();
    return this.#instances
      .counts()
      .map((counts) => ({ ...counts, ...(costs.get(counts.name) ?? { perImageMillis: 0, perBatchMillis: 0 }) }));
  }

  /**
   * Whoever asks for several things of the model holds it meanwhile: unloaded or replaced, it ends when nobody does, or its
   * time is up. The result lets go.
   */
  hold(): () => void {
    this.#running++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#running--;
      if (this.#running === 0) this.#idle?.resolve();
    };
  }

  /**
   * Runs one image, in a batch with others. `pixels`: as `ModelImage` has them; they are only read, until this settles.
   * The deadline decides whether a batch is begun; to leave one that runs, abort the signal.
   * @throws PalateError as `Batcher.submit`; WORKER_LOST where two threads died of its batch; also the signal's reason.
   */
  async infer(pixels: Uint8Array, options: InferenceOptions): Promise<Batched<ModelOutput>> {
    const begun = performance.now();
    const release = this.hold();
    try {
      const batched = await this.inferPart(pixels, options);
      const { queueMicros, runMicros: inferMicros } = batched;
      const totalMicros = microsSince(begun);
      this.statistics.succeeded(1, { totalMicros, queueMicros, inputMicros: 0, inferMicros, outputMicros: 0 });
      return batched;
    } catch (error) {
      this.statistics.failed(microsSince(begun));
      throw error;
    } finally {
      release();
    }
  }

  /** As `infer`, for an image of a request whose statistics the caller keeps. */
  async inferPart(pixels: Uint8Array, options: InferenceOptions): Promise<Batched<ModelOutput>> {
    const [batched] = await this.inferParts([pixels], options);
    return batched!;
  }

  /**
   * As `inferPart`, for several images; they come out in their order. They may share a batch, also with others. When one
   * fails, the rest goes on unless the signal aborts.
   */
  async inferParts(images: readonly Uint8Array[], options: InferenceOptions): Promise<readonly Batched<ModelOutput>[]> {
    for (const pixels of images) this.#checkSize(pixels);
    const release = this.hold();
    try {
      return await Promise.all(this.batcher.submitAll(images.map((pixels) => ({ input: { pixels }, ...options }))));
    } finally {
      release();
    }
  }

  #checkSize(pixels: Uint8Array): void {
    const expected = this.inputSize ** 2 * 3;
    if (pixels.length === expected) return;
    const problem = `an image of model ${this.name} has ${expected} bytes, not ${pixels.length}`;
    throw new PalateError('INVALID_REQUEST', problem);
  }

  /** Resolves when nothing runs, waits or is held, or the signal aborts. New images are still taken. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#running === 0 || signal.aborted) return;
    this.#idle ??= Promise.withResolvers<void>();
    const { promise, resolve } = this.#idle;
    // Nobody waits longer than the first to give up: what runs is then ended anyway.
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#idle = undefined;
  }

  /** Ends it, after the batches that run; what waits fails with SHUTTING_DOWN. */
  async stop(): Promise<void> {
    this.batcher.close(new PalateError('SHUTTING_DOWN', `model ${this.name}, version ${this.version}, is stopping`));
    await this.#instances.stop();
  }
}

function microsSince(begun: number): number {
  return Math.round((performance.now() - begun) * 1e3);
}

/** What another worker, or the same one a little later, may well do better. A model changes nothing, so a batch may run twice. */
const mayHelp: ReadonlySet<Reason> = new Set<Reason>(['WORKER_LOST', 'UNREACHABLE', 'OVERLOADED', 'DEADLINE_EXCEEDED']);

async function readWeights(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new PalateError('MODEL_INVALID', `${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** What is wrong with a graph names its file. */
function named(error: unknown, file: string): unknown {
  if (!isPalateError(error) || error.reason !== 'MODEL_INVALID' || error.message.startsWith(file)) return error;
  return new PalateError('MODEL_INVALID', `${file}: ${error.message}`, { cause: error });
}
