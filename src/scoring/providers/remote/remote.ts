import { setTimeout as delay } from 'node:timers/promises';
import { isPalateError, PalateError } from '../../../errors.ts';
import { type Backoff, waitMillis } from '../../../rpc/client/backoff.ts';
import type { Log } from '../../../rpc/log.ts';
import type { Cost } from '../../batcher/cost-model.ts';
import type { RunOptions } from '../../batcher/running-batch.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import type { ModelImage, ModelOutput } from '../model-instance.ts';
import { describeRemote, type RemoteDescription } from './describe-remote.ts';
import { failureOf, pauseMillis, verdictOf } from './failure.ts';
import { RemoteSpeed } from './remote-speed.ts';
import { Session } from './session.ts';
import type { RemoteTarget } from './target.ts';
import { warmUp } from './warm-up.ts';

export interface RemoteOptions {
  readonly address: string;
  /** As metrics and the log have it. */
  readonly name: string;
  readonly manifest: Pick<ModelManifest, 'input' | 'outputs'>;
  readonly target: RemoteTarget;
  /** The largest batch; undefined: what the server likes best. */
  readonly maxImages: number | undefined;
  /** A batch that takes longer is given up, and the connection with it. */
  readonly runTimeoutMillis: number;
  /** Holds what the server says of its model against what is known. Throws where it is another. */
  readonly check: (description: RemoteDescription) => void;
  readonly now: () => number;
  readonly log: Log;
  /** It takes batches; it takes none; or it failed to begin once more. */
  readonly onChange: (remote: Remote) => void;
}

/** The waits before it is connected again. */
const backoff: Backoff = { firstMillis: 100, longestMillis: 5_000 };
/** How long each question at the beginning may take, and each of the questions whether it still is ready. */
const askMillis = 5_000;
const probeMillis = 1_000;
/** It is asked so often, and lost when it did not answer so many times in a row. */
const probeEveryMillis = 1_000;
const mostMisses = 2;
/** Batches in a row that went wrong before its model is looked at again. */
const mostFaults = 3;
/** A connection that held for so long was a good one. */
const goodMillis = 10_000;

/** One server that runs a model: connected, checked, measured, watched, and connected again when it was lost. */
export class Remote {
  readonly name: string;
  readonly address: string;
  readonly #options: RemoteOptions;
  readonly #stop = new AbortController();
  #session: Session | undefined;
  #speed: RemoteSpeed | undefined;
  #maxImages = 1;
  #pausedUntil = 0;
  #failures = 0;
  #faults = 0;
  #error: PalateError | undefined;
  #running: Promise<void> | undefined;
  batches = 0;
  images = 0;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.name = options.name;
    this.address = options.address;
  }

  /** Whether it takes batches. */
  get isReady(): boolean {
    return this.#speed !== undefined && this.#pausedUntil <= this.#options.now();
  }

  /** Whether it is connected and has the model, be it without room for the moment. */
  get isThere(): boolean {
    return this.#speed !== undefined;
  }

  /** Why it is not there; undefined: it was not tried yet. */
  get error(): PalateError | undefined {
    return this.#error;
  }

  /** What is known of its speed, as long as it is there. */
  get speed(): RemoteSpeed | undefined {
    return this.#speed;
  }

  get maxImages(): number {
    return this.#maxImages;
  }

  /** Batches under way there. */
  get underWay(): number {
    return this.#session?.underWay ?? 0;
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new PalateError('SHUTTING_DOWN', 'the model is stopping'));
    await this.#running;
  }

  /**
   * Runs a batch there.
   * @throws PalateError UNREACHABLE, OVERLOADED, WORKER_LOST, DEADLINE_EXCEEDED; also the signal's reason
   */
  async run(images: readonly ModelImage[], options: RunOptions): Promise<readonly ModelOutput[]> {
    const { deadlineMillis, signal, span } = options;
    const [session, speed] = [this.#session, this.#speed];
    if (session === undefined || speed === undefined) {
      throw new PalateError('UNREACHABLE', `${this.name}: it is not connected`, { cause: this.#error });
    }
    const { now, runTimeoutMillis } = this.#options;
    const leftMillis = deadlineMillis - now();
    const isOurs = leftMillis > runTimeoutMillis;
    const limits = {
      timeoutMillis: isOurs ? runTimeoutMillis : Math.max(0, leftMillis),
      late: isOurs ? stuck : tooLate,
      signal,
      span,
    };
    const end = speed.begin(images.length);
    try {
      const outputs = await session.infer(images, limits);
      end(true);
      this.#faults = 0;
      this.batches++;
      this.images += images.length;
      return outputs;
    } catch (error) {
      end(false);
      if (signal.aborted) throw error;
      throw this.#failed(session, PalateError.from(error));
    }
  }

  #failed(session: Session, error: PalateError): PalateError {
    const verdict = verdictOf(error);
    if (verdict === 'lost') session.lose(error);
    if (verdict === 'leaving') session.leave(error);
    if (session === this.#session) {
      if (verdict === 'busy') this.#pause(pauseMillis(error));
      if (verdict === 'faulty' || verdict === 'late') this.#speed?.stumble();
      if (verdict === 'faulty' && ++this.#faults >= mostFaults) session.leave(error);
    }
    return failureOf(verdict, this.name, error);
  }

  /** It has no room just now. */
  #pause(millis: number): void {
    const until = this.#options.now() + millis;
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    this.#options.onChange(this);
    setTimeout(() => {
      if (this.#pausedUntil !== until) return;
      this.#pausedUntil = 0;
      this.#options.onChange(this);
    }, millis).unref();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#connect(new Session({ ...this.#options, onFallback: () => this.#tellFallback() }));
      } catch (error) {
        this.#gone(PalateError.from(error));
      }
      if (signal.aborted) return;
      await delay(waitMillis(backoff, this.#failures), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** From the first question to the moment when it takes no more batches. */
  async #connect(session: Session): Promise<void> {
    const { signal } = this.#stop;
    const begun = this.#options.now();
    const onStop = () => session.leave(signal.reason);
    signal.addEventListener('abort', onStop, { once: true });
    try {
      await this.#join(session);
      await this.#watch(session);
      if (this.#options.now() - begun > goodMillis) this.#failures = 1;
    } catch (error) {
      if (this.#session !== session) throw error;
      session.leave(PalateError.from(error));
    } finally {
      signal.removeEventListener('abort', onStop);
      // What a server still has to answer must not keep us from its successor.
      const closed = session.close(AbortSignal.timeout(this.#options.runTimeoutMillis));
      if (signal.aborted) await closed;
    }
  }

  /** Checks and measures it. From then on it takes batches. */
  async #join(session: Session): Promise<void> {
    const { target, manifest, check, now, log } = this.#options;
    const options = { timeoutMillis: askMillis, signal: session.left };
    const description = await describeRemote(session.call, target, manifest, options);
    check(description);
    const maxImages = this.#options.maxImages ?? description.maxImages ?? usualMaxImages;
    const cost = await warmUp(session, manifest.input, maxImages, now);
    session.left.throwIfAborted();
    // At once: what failed and goes back to the queue must not come here again.
    session.left.addEventListener('abort', () => this.#gone(session.left.reason), { once: true });
    const { perImageMillis, perBatchMillis }: Cost = cost;
    [this.#session, this.#speed, this.#maxImages] = [session, new RemoteSpeed(now, cost), maxImages];
    [this.#error, this.#faults, this.#pausedUntil] = [undefined, 0, 0];
    log.info({ remote: this.address, maxImages, perImageMillis, perBatchMillis }, 'a remote runs the model');
    this.#options.onChange(this);
  }

  /** Returns when it is left. */
  async #watch(session: Session): Promise<void> {
    const { model: name, version } = this.#options.target;
    let misses = 0;
    for (;;) {
      await delay(probeEveryMillis, undefined, { signal: session.left, ref: false }).catch(() => undefined);
      if (session.left.aborted) return;
      try {
        const { ready } = await session.call.modelReady({ name, version }, { timeoutMillis: probeMillis });
        if (!ready) session.leave(new PalateError('STARTING', 'its model is not ready any more'));
        misses = 0;
      } catch (error) {
        misses++;
        const isSlow = isPalateError(error) && error.reason === 'DEADLINE_EXCEEDED';
        if (!isSlow || misses >= mostMisses) session.lose(PalateError.from(error));
      }
    }
  }

  #gone(error: PalateError): void {
    const wasThere = this.isThere;
    const isNews = wasThere || error.reason !== this.#error?.reason;
    this.#error = error;
    [this.#session, this.#speed] = [undefined, undefined];
    this.#failures++;
    if (!this.#stop.signal.aborted && isNews) {
      const { log } = this.#options;
      const what = wasThere
        ? 'a remote is gone and will be asked again'
        : 'a remote does not run the model: it will be asked again';
      log.error({ remote: this.address, reason: error.reason, err: error.message }, what);
    }
    this.#options.onChange(this);
  }

  #tellFallback(): void {
    this.#options.log.warn({ remote: this.address }, 'a remote has no ModelStreamInfer: it is asked by ModelInfer');
  }
}

/** The largest batch where neither the configuration nor the server says. */
const usualMaxImages = 8;

function tooLate(): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', 'it did not answer before the deadline');
}

function stuck(): PalateError {
  return new PalateError('UNREACHABLE', 'it did not answer in time');
}
