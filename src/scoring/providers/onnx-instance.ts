import { PalateError, type Reason } from '../../errors.ts';
import type { Log } from '../../rpc/log.ts';
import { entryBeside } from '../../threads/entry.ts';
import { SupervisedWorker } from '../../threads/supervised-worker.ts';
import { type Cost, CostModel } from '../batcher/cost-model.ts';
import type { ModelManifest } from '../models/manifest.ts';
import type { LocalProvider, ModelImage, ModelInstance, ModelOutput } from './model-instance.ts';
import { outputOf, valuesOf } from './model-output.ts';
import { createGate, shutGate, watchGate } from './native-gate.ts';
import type { LoadAnswer, LoadRequest, RunRequest } from './onnx-messages.ts';

export interface OnnxInstanceOptions {
  /** As metrics and the log have it. */
  readonly name: string;
  readonly manifest: ModelManifest;
  /** The bytes of the ONNX file. */
  readonly weights: Uint8Array;
  readonly provider: LocalProvider;
  /** The largest batch for what it turns out to run on. */
  readonly maxImages: (provider: LocalProvider) => number;
  /** How long a batch may take; a thread that takes longer is stuck, and given up. */
  readonly runTimeoutMillis: number;
  /** How long loading and warming up may take together. */
  readonly startTimeoutMillis: number;
  readonly log: Log;
  /** Told once, before the batch fails: the thread died or is stuck. The instance answers nothing any more. */
  readonly onLost: (instance: ModelInstance, error: PalateError) => void;
  /** The file of the thread. */
  readonly entry?: URL;
}

/**
 * A model in a thread of its own, by ONNX Runtime. Pixels are copied once, into memory that the thread sees (they stay
 * with the caller, for a second attempt), and answers once, out of it.
 */
export class OnnxInstance implements ModelInstance {
  readonly name: string;
  readonly #options: OnnxInstanceOptions;
  readonly #worker: SupervisedWorker;
  readonly #pixels: Uint8Array;
  readonly #values: Float32Array;
  readonly #gate = createGate();
  readonly #imageBytes: number;
  readonly #imageValues: number;
  #provider: LocalProvider;
  #maxImages: number;
  #cost: Cost = { perImageMillis: 0, perBatchMillis: 0 };
  #batches = 0;
  #images = 0;
  #isLost = false;
  #ended: Promise<void> | undefined;
  #lastRun: Promise<unknown> = Promise.resolve();

  private constructor(options: OnnxInstanceOptions) {
    const { name, manifest, provider, maxImages, log, entry = entryBeside(import.meta.url, './onnx.worker') } = options;
    this.name = name;
    this.#options = options;
    this.#provider = provider;
    this.#maxImages = maxImages(provider);
    this.#imageBytes = manifest.input.size ** 2 * 3;
    this.#imageValues = valuesOf(manifest.outputs);
    this.#pixels = new Uint8Array(new SharedArrayBuffer(this.#maxImages * this.#imageBytes));
    this.#values = new Float32Array(new SharedArrayBuffer(this.#maxImages * this.#imageValues * 4));
    this.#worker = new SupervisedWorker({ name: `model ${name}`, entry, data: undefined, maxPending: 1, log });
    watchGate(this.#gate);
  }

  /**
   * Loads the model into a new thread and runs it once with every size of batch.
   * @throws PalateError MODEL_INVALID, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason. Nothing runs on then.
   */
  static async start(options: OnnxInstanceOptions, signal?: AbortSignal): Promise<OnnxInstance> {
    const instance = new OnnxInstance(options);
    const deadlineMillis = Date.now() + options.startTimeoutMillis;
    try {
      await instance.#load(deadlineMillis, signal);
      await instance.#warmUp(deadlineMillis, signal);
    } catch (error) {
      void instance.#end();
      throw error;
    }
    return instance;
  }

  get provider(): LocalProvider {
    return this.#provider;
  }

  get maxImages(): number {
    return this.#maxImages;
  }

  /** As it was measured while warming up. */
  get cost(): Cost {
    return this.#cost;
  }

  get batches(): number {
    return this.#batches;
  }

  get images(): number {
    return this.#images;
  }

  async run(inputs: readonly ModelImage[]): Promise<readonly ModelOutput[]> {
    for (const [index, { pixels }] of inputs.entries()) this.#pixels.set(pixels, index * this.#imageBytes);
    try {
      await this.#execute(inputs.length, Date.now() + this.#options.runTimeoutMillis);
    } catch (error) {
      throw this.#failure(PalateError.from(error));
    }
    this.#batches++;
    this.#images += inputs.length;
    return inputs.map((_, index) => this.#outputOf(index));
  }

  async stop(): Promise<void> {
    this.#isLost = true;
    // What runs is answered, or given up after its time.
    await this.#lastRun.catch(() => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, stuckGraceMillis);
    await Promise.race([this.#end(), promise]);
    clearTimeout(timer);
  }

  /** Ends the thread when it may be. One that is stuck stays. */
  #end(): Promise<void> {
    this.#ended ??= shutGate(this.#gate).then(() => this.#worker.stop());
    return this.#ended;
  }

  async #load(deadlineMillis: number, signal: AbortSignal | undefined): Promise<void> {
    const { manifest, weights, provider, maxImages, log } = this.#options;
    const { input, outputs } = manifest;
    const [pixels, values] = [this.#pixels.buffer, this.#values.buffer] as SharedArrayBuffer[];
    const request: LoadRequest = {
      weights,
      provider,
      input,
      outputs,
      pixels: pixels!,
      values: values!,
      gate: this.#gate,
    };
    const answer = (await this.#worker.request('load', request, { deadlineMillis, signal })) as LoadAnswer;
    this.#provider = answer.provider;
    this.#maxImages = Math.min(this.#maxImages, maxImages(answer.provider));
    if (answer.refusal === undefined) return;
    const fields = { instance: this.name, requestedProvider: provider, provider: answer.provider };
    log.warn({ ...fields, cause: answer.refusal }, 'the provider can not be had: the model runs on another');
  }

  /** From the largest batch down, so that memory is taken once. The first run, which also prepares things, is not counted. */
  async #warmUp(deadlineMillis: number, signal: AbortSignal | undefined): Promise<void> {
    this.#pixels.fill(127);
    await this.#execute(this.#maxImages, deadlineMillis, signal);
    const model = new CostModel(this.#cost);
    for (let images = this.#maxImages; images > 0; images--) {
      const begun = performance.now();
      await this.#execute(images, deadlineMillis, signal);
      model.observe(images, performance.now() - begun);
    }
    this.#cost = model.cost;
    const { labels } = this.#outputOf(0);
    if (labels.every(Number.isFinite)) return;
    throw new PalateError('MODEL_INVALID', `${this.#options.manifest.file}: it answers what is no number`);
  }

  #execute(images: number, deadlineMillis: number, signal?: AbortSignal): Promise<unknown> {
    this.#lastRun = this.#worker.request('run', { images } satisfies RunRequest, { deadlineMillis, signal });
    return this.#lastRun;
  }

  #outputOf(index: number): ModelOutput {
    const values = this.#values.slice(index * this.#imageValues, (index + 1) * this.#imageValues);
    return outputOf(values, this.#options.manifest.outputs);
  }

  /** What a batch fails with. A thread that died or is stuck is given up. */
  #failure(error: PalateError): PalateError {
    if (!gone.has(error.reason) || this.#isLost) return error;
    this.#isLost = true;
    const isStuck = error.reason === 'DEADLINE_EXCEEDED';
    const why = isStuck ? `did not answer within ${this.#options.runTimeoutMillis} ms` : 'died';
    const lost = new PalateError('WORKER_LOST', `model instance ${this.name} ${why}`, { cause: error });
    void this.#end();
    this.#options.onLost(this, lost);
    return lost;
  }
}

/** How long a stop waits for a thread whose batch was given up. */
const stuckGraceMillis = 1_000;

const gone: ReadonlySet<Reason> = new Set<Reason>(['WORKER_LOST', 'DEADLINE_EXCEEDED']);
