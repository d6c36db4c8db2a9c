import { PalateError } from '../../errors.ts';
import type { Log } from '../../rpc/log.ts';
import type { LocalProvider, ModelInstance } from '../providers/model-instance.ts';

/** Starts an instance. Rejects where that can't be done, or the signal aborts. */
export type StartInstance = (
  name: string,
  provider: LocalProvider,
  onLost: (instance: ModelInstance, error: PalateError) => void,
  signal: AbortSignal,
) => Promise<ModelInstance>;

export interface InstancePoolOptions {
  /** One instance each, for its whole life and for those that take its place. */
  readonly names: readonly string[];
  readonly provider: LocalProvider;
  /** The largest batch, by what they turn out to run on. */
  readonly maxImages: (provider: LocalProvider) => number;
  readonly startInstance: StartInstance;
  /** An instance is ready for batches. */
  readonly onReady: (instance: ModelInstance) => void;
  /** An instance gets no more batches: it is gone, or about to be. */
  readonly onGone: (instance: ModelInstance) => void;
  readonly log: Log;
}

/** A place for an instance. */
interface Place {
  readonly name: string;
  instance: ModelInstance | undefined;
  /** What the instances before this one answered. */
  batches: number;
  images: number;
  /** Instances in a row that were lost before they had answered a batch, and starts that failed. */
  failures: number;
}

/** How long to wait after the first failure in a row, and at most. */
const firstDelayMillis = 100;
const longestDelayMillis = 10_000;

/**
 * The instances of one model. One that is lost is replaced: at once where it had answered, and after a growing while
 * where it dies again and again.
 */
export class InstancePool {
  readonly #options: InstancePoolOptions;
  readonly #places: readonly Place[];
  readonly #stop = new AbortController();
  #provider: LocalProvider;

  constructor(options: InstancePoolOptions) {
    this.#options = options;
    this.#provider = options.provider;
    this.#places = options.names.map((name) => ({ name, instance: undefined, batches: 0, images: 0, failures: 0 }));
  }

  /** What the instances run on. */
  get provider(): LocalProvider {
    return this.#provider;
  }

  get maxImages(): number {
    return this.#options.maxImages(this.#provider);
  }

  /** Whether one runs at least. */
  get isReady(): boolean {
    return this.#places.some(({ instance }) => instance !== undefined);
  }

  /** Of each instance its name, and what it and those before it answered. */
  counts(): readonly { readonly name: string; readonly batches: number; readonly images: number }[] {
    return this.#places.map(({ name, instance, batches, images }) => ({
      name,
      batches: batches + (instance?.batches ?? 0),
      images: images + (instance?.images ?? 0),
    }));
  }

  /** Starts all. The first one finds out what can be had to run on. When one fails, none is left. */
  async start(signal?: AbortSignal): Promise<void> {
    const both = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    const [first, ...others] = this.#places;
    try {
      await this.#fill(first!, both);
      await Promise.all(others.map((place) => this.#fill(place, both)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends all, after the batches that they run. */
  async stop(): Promise<void> {
    this.#stop.abort(new PalateError('SHUTTING_DOWN', 'the model is stopping'));
    const instances = this.#places.flatMap(({ instance }) => instance ?? []);
    for (const instance of instances) this.#options.onGone(instance);
    await Promise.all(instances.map((instance) => instance.stop()));
  }

  async #fill(place: Place, signal: AbortSignal): Promise<void> {
    const onLost = (_: ModelInstance, error: PalateError) => this.#lost(place, error);
    const instance = await this.#options.startInstance(place.name, this.#provider, onLost, signal);
    if (signal.aborted) {
      await instance.stop();
      throw signal.reason;
    }
    place.instance = instance;
    this.#provider = instance.provider;
    this.#options.onReady(instance);
  }

  #lost(place: Place, error: PalateError): void {
    const { instance } = place;
    if (instance === undefined) return;
    place.instance = undefined;
    place.batches += instance.batches;
    place.images += instance.images;
    place.failures = instance.batches > 0 ? 0 : place.failures + 1;
    this.#options.onGone(instance);
    if (this.#stop.signal.aborted) return;
    this.#options.log.error({ instance: place.name, error }, 'an instance of a model is lost and will be replaced');
    void this.#replace(place);
  }

  async #replace(place: Place): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      if (place.failures > 0) await delayed(delayMillis(place.failures), signal);
      if (signal.aborted) return;
      try {
        await this.#fill(place, signal);
        this.#options.log.info({ instance: place.name }, 'an instance of a model was replaced');
        return;
      } catch (error) {
        if (signal.aborted) return;
        place.failures++;
        const againMillis = delayMillis(place.failures);
        this.#options.log.error({ instance: place.name, error, againMillis }, 'an instance of a model does not start');
      }
    }
  }
}

function delayMillis(failures: number): number {
  return Math.min(firstDelayMillis * 2 ** (failures - 1), longestDelayMillis);
}

/** Resolves after so long, or as soon as the signal aborts. A process that has nothing else to do may end. */
function delayed(millis: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const timer = setTimeout(done, millis).unref();
  signal.addEventListener('abort', done, { once: true });
  function done(): void {
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
    resolve();
  }
  return promise;
}
