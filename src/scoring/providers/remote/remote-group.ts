import { PalateError } from '../../../errors.ts';
import { channelCredentials } from '../../../rpc/client/connection.ts';
import type { Log } from '../../../rpc/log.ts';
import type { BatchWorker } from '../../batcher/batcher.ts';
import { systemClock } from '../../batcher/clock.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import type { ModelImage, ModelOutput } from '../model-instance.ts';
import type { RemoteDescription } from './describe-remote.ts';
import { Hedging } from './hedging.ts';
import { Remote } from './remote.ts';
import { type Fleet, runHedged } from './run-hedged.ts';
import type { RemoteTarget } from './target.ts';

export type RemoteWorker = BatchWorker<ModelImage, ModelOutput>;

export interface RemoteGroupOptions {
  readonly manifest: ModelManifest;
  readonly target: RemoteTarget;
  /** Of the weights, where this process has them; the servers must have the same. */
  readonly sha256: string | undefined;
  /** The largest batch; undefined: what each server likes best. */
  readonly maxImages: number | undefined;
  readonly runTimeoutMillis: number;
  /** A server takes batches. It gets several at a time, so it has several workers. */
  readonly onReady: (worker: RemoteWorker) => void;
  readonly onGone: (worker: RemoteWorker) => void;
  /** No server has been there for a while; the result says so, and when to come again. */
  readonly onNone: (errorOf: () => PalateError) => void;
  /** One is there again. */
  readonly onSome: () => void;
  readonly log: Log;
}

/** How long batches wait for a server when none is left: for one that is just started again, say. */
const patienceMillis = 500;
/** What a caller is told to wait while none is there: by then they were all asked again. */
const retryAfterMillis = 1_000;

/** The servers that run one model: they take the place of its instances. */
export class RemoteGroup {
  readonly provider = 'remote';
  readonly #options: RemoteGroupOptions;
  readonly #remotes: readonly Remote[];
  readonly #workers = new Map<Remote, readonly RemoteWorker[]>();
  readonly #fleet: Fleet;
  #first = Promise.withResolvers<void>();
  #sha256: string | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isNoneTold = false;
  #isStopped = false;

  constructor(options: RemoteGroupOptions) {
    const { manifest, target, maxImages, runTimeoutMillis, log } = options;
    this.#options = options;
    this.#sha256 = options.sha256;
    this.#fleet = {
      hedging: new Hedging(target.hedgeShare),
      now: systemClock.now,
      usualMillis: (images) => Math.min(...this.#there().map(({ speed }) => speed!.usual(images))),
      second: (first, images, withinMillis) => this.#second(first, images, withinMillis),
    };
    this.#remotes = target.addresses.map(
      (address) =>
        new Remote({
          address,
          name: `${manifest.name}-${manifest.version}@${address}`,
          manifest,
          target,
          maxImages,
          runTimeoutMillis,
          check: (description) => this.#check(description),
          now: systemClock.now,
          log,
          onChange: (remote) => this.#changed(remote),
        }),
    );
  }

  /** Whether any server has the model. */
  get isReady(): boolean {
    return this.#there().length > 0;
  }

  /** The hash of the weights, as far as it is known. */
  get sha256(): string | undefined {
    return this.#sha256;
  }

  /** The largest batch that any takes. */
  get maxImages(): number {
    return Math.max(1, ...this.#there().map(({ maxImages }) => maxImages));
  }

  /** Of each server its name, and what it answered. */
  counts(): readonly { readonly name: string; readonly batches: number; readonly images: number }[] {
    return this.#remotes.map(({ name, batches, images }) => ({ name, batches, images }));
  }

  /**
   * Connects to all, and returns when the first is there or none was. Then it goes on trying.
   * @throws PalateError MODEL_INVALID where every server has another model; TLS_INVALID; also the signal's reason
   */
  async start(signal?: AbortSignal): Promise<void> {
    const onAbort = () => this.#first.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      // What is wrong with certificates is told at once.
      channelCredentials(this.#options.target.connection);
      for (const remote of this.#remotes) remote.start();
      await this.#first.promise;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    if (!this.isReady) this.#tellNone();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#patience);
    await Promise.all(this.#remotes.map((remote) => remote.stop()));
  }

  #there(): readonly Remote[] {
    return this.#remotes.filter(({ isThere }) => isThere);
  }

  #changed(remote: Remote): void {
    const workers = this.#workers.get(remote);
    if (remote.isReady && workers === undefined) this.#add(remote);
    if (!remote.isReady && workers !== undefined) this.#remove(remote, workers);
    this.#settleStart();
    if (this.isReady) this.#some();
    else this.#patience ??= setTimeout(() => this.#tellNone(), patienceMillis).unref();
  }

  #add(remote: Remote): void {
    const speed = remote.speed!;
    // It observes each batch itself: what the batcher sees may have been answered by another.
    const shared = {
      get cost() {
        return speed.cost;
      },
      predict: (images: number) => speed.predict(images),
      expect: (images: number) => speed.expect(images),
      observe: () => undefined,
    };
    const { name, maxImages } = remote;
    const worker = (): RemoteWorker => ({
      name,
      maxImages,
      cost: speed.cost,
      speed: shared,
      run: (images, options) => runHedged(this.#fleet, remote, images, options),
    });
    const workers = Array.from({ length: this.#options.target.maxBatches }, worker);
    this.#workers.set(remote, workers);
    for (const one of workers) this.#options.onReady(one);
  }

  #remove(remote: Remote, workers: readonly RemoteWorker[]): void {
    this.#workers.delete(remote);
    for (const worker of workers) this.#options.onGone(worker);
  }

  #settleStart(): void {
    if (this.isReady) this.#first.resolve();
    const errors = this.#remotes.map(({ error }) => error);
    if (!errors.every((error) => error !== undefined)) return;
    const isHopeless = errors.every((error) => error.reason === 'MODEL_INVALID');
    if (isHopeless) this.#first.reject(new PalateError('MODEL_INVALID', this.#why()));
    else this.#first.resolve();
  }

  #some(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#isNoneTold = false;
    this.#options.onSome();
  }

  #tellNone(): void {
    if (this.#isStopped || this.isReady || this.#isNoneTold) return;
    this.#isNoneTold = true;
    this.#options.log.error({ remotes: this.#why() }, 'no remote runs the model: it is not ready');
    this.#options.onNone(() => new PalateError('UNREACHABLE', this.#why(), { retryAfterMillis }));
  }

  #why(): string {
    const { manifest } = this.#options;
    const each = this.#remotes.map(({ address, error }) => `${address}: ${error?.message ?? 'it did not answer yet'}`);
    return `no remote runs model ${manifest.name}, version ${manifest.version}: ${each.join('; ')}`;
  }

  /** All servers must have the same weights, or answers would depend on which one was asked. */
  #check({ sha256 }: RemoteDescription): void {
    if (sha256 === undefined || sha256 === '') return;
    this.#sha256 ??= sha256;
    if (sha256 === this.#sha256) return;
    const whose = this.#options.sha256 === undefined ? 'those of another remote' : 'the file here';
    throw new PalateError('MODEL_INVALID', `it has other weights (SHA-256 ${sha256}) than ${whose} (${this.#sha256})`);
  }

  #second(first: Remote, images: number, withinMillis: number): Remote | undefined {
    let second: Remote | undefined;
    let least = withinMillis;
    for (const remote of this.#remotes) {
      const { speed } = remote;
      if (remote === first || !remote.isReady || speed === undefined || images > remote.maxImages) continue;
      const expected = speed.expect(images);
      // One more than usual: the first may be stuck with all that it has.
      if (remote.underWay > this.#options.target.maxBatches || expected >= least) continue;
      [second, least] = [remote, expected];
    }
    return second;
  }
}
