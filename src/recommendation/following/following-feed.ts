import { PalateError } from '../../errors.ts';
import type { Follower } from '../../journal/follower/follower.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import type { State } from '../fold/state.ts';
import { SequenceWaiters } from '../sequence-waiters.ts';
import type { FeedStatus, StateFeed } from '../state-feed.ts';
import { type FoldedBefore, Folding } from './folding.ts';
import { Freshness, type FreshnessOptions } from './freshness.ts';

export interface FollowingFeedOptions extends FreshnessOptions {
  readonly follower: Follower;
  /** An empty state. */
  readonly createState: () => State;
  readonly log: Log;
  /** Gives an empty state something to begin with, a snapshot. Undefined: it stays empty. Default: it does. */
  readonly restore?: (state: State, signal: AbortSignal) => Promise<FoldedBefore | undefined>;
  /** Told when the state comes from a later generation than before: nothing of an earlier one is to be kept. */
  readonly onGeneration?: (journalId: string, generation: number) => void;
  /** Told once when the feed stops for good: the state stands still from then on. */
  readonly onFailure?: (failure: PalateError) => void;
  readonly sliceMillis?: number;
}

const nothingBefore: FoldedBefore = { journalId: '', generation: 0, records: 0 };

/** In sequences: folded in some hundredths of a second. */
const lastStretch = 10_000;

/**
 * A state that follows the journal of another process. `start` resolves when it has caught up; from then on `isCurrent` says
 * whether it still keeps up. While the owner is away the state answers as it is.
 *
 * Where records were erased (the journal's generation has risen), a second state is folded from the journal's beginning beside
 * the first, which goes on following and answering, and takes its place when it has come as far. Meanwhile whoever is erased is
 * masked: the owner tells who.
 */
export class FollowingFeed implements StateFeed, Part {
  readonly name = 'recommendation state';
  readonly #options: Required<FollowingFeedOptions>;
  readonly #freshness: Freshness;
  readonly #waiters = new SequenceWaiters();
  readonly #stopped = new AbortController();
  readonly #runs = new Set<Promise<void>>();
  #current: Folding;
  /** To take the place of the current one. */
  #next: Folding | undefined;
  #onCaughtUp: (() => void) | undefined;
  #heardAtMillis: number | undefined;
  #heardGeneration = 0;
  #startedAt = 0;
  #replayedRecords = 0;
  #replayMillis = 0;
  #failure: PalateError | undefined;

  constructor(options: FollowingFeedOptions) {
    this.#options = {
      sliceMillis: 2,
      onFailure: () => undefined,
      restore: () => Promise.resolve(undefined),
      onGeneration: () => undefined,
      ...options,
    };
    this.#freshness = new Freshness(options);
    this.#current = this.#foldingOf(options.createState(), nothingBefore);
  }

  get state(): State {
    return this.#current.state;
  }

  /** Resolves when the state has caught up, or `signal` aborts. Throws what makes following impossible. */
  async start(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    this.#startedAt = performance.now();
    const { promise: caughtUp, resolve } = Promise.withResolvers<void>();
    this.#onCaughtUp = resolve;
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await this.#restore(signal);
    if (this.#stopped.signal.aborted) return;
    const { records } = this.#current;
    this.#run(this.#current);
    await caughtUp;
    if (this.#failure !== undefined) throw this.#failure;
    this.#replayedRecords = this.#current.records - records;
    this.#replayMillis = performance.now() - this.#startedAt;
  }

  async stop(): Promise<void> {
    const stopped = new PalateError('SHUTTING_DOWN', 'the server is stopping');
    this.#stopped.abort(stopped);
    this.#current.stop();
    this.#next?.stop();
    await Promise.all(this.#runs);
    this.#waiters.rejectAll(stopped);
  }

  reached(sequence: number, signal?: AbortSignal, deadlineMillis?: number): Promise<void> {
    if (sequence <= this.state.sequence) return Promise.resolve();
    const ended = this.#failure ?? (this.#stopped.signal.reason as PalateError | undefined);
    if (ended !== undefined) return Promise.reject(ended);
    return this.#waiters.wait(sequence, () => this.state.sequence, signal, deadlineMillis);
  }

  /** Has the state kept up with the journal within the bounds? */
  isCurrent(): boolean {
    return this.#failure === undefined && this.#freshness.isCurrent(performance.now());
  }

  status(): FeedStatus {
    const { lastSequence } = this.#freshness;
    return {
      lag: Math.max(0, lastSequence - this.#current.throughSequence),
      records: this.#current.records,
      unreadable: this.#current.unreadable,
      replayedRecords: this.#replayedRecords,
      replayMillis: this.#replayMillis,
      failure: this.#failure,
      generation: this.#current.generation,
      following: {
        address: this.#options.follower.address,
        journalId: this.#current.journalId,
        generation: this.#heardGeneration,
        lastSequence,
        heardAtMillis: this.#heardAtMillis,
        lagMillis: this.#freshness.lagMillis(performance.now()),
        isCurrent: this.isCurrent(),
      },
    };
  }

  async #restore(signal: AbortSignal | undefined): Promise<void> {
    const either = AbortSignal.any([this.#stopped.signal, ...(signal === undefined ? [] : [signal])]);
    const { state } = this.#current;
    try {
      const before = await this.#options.restore(state, either);
      if (before !== undefined) this.#current = this.#foldingOf(state, before);
    } catch (error) {
      if (!either.aborted) throw error;
    }
  }

  #foldingOf(state: State, before: FoldedBefore): Folding {
    const { follower, sliceMillis, log } = this.#options;
    return new Folding({
      state,
      follower,
      before,
      log,
      sliceMillis,
      onHeard: (folding, { lastSequence, generation }) => this.#hear(folding, lastSequence, generation),
      onFolded: (folding) => this.#progress(folding),
    });
  }

  #run(folding: Folding): void {
    const run = folding.run().catch((error: unknown) => this.#fail(error));
    this.#runs.add(run);
    void run.finally(() => this.#runs.delete(run));
  }

  #hear(folding: Folding, lastSequence: number, generation: number): void {
    this.#heardAtMillis = Date.now();
    this.#heardGeneration = Math.max(this.#heardGeneration, generation);
    this.#freshness.heard(lastSequence, performance.now());
    if (generation > folding.generation && generation > (this.#next?.generation ?? 0)) this.#foldAnew(generation);
  }

  /** Nothing of what the journal has erased may stay in the state. */
  #foldAnew(generation: number): void {
    if (this.#next !== undefined && this.#next.generation === 0) return;
    const { log } = this.#options;
    log.info({ generation, before: this.#current.generation }, 'records were erased: the state is folded anew');
    this.#next?.stop();
    const before = { ...nothingBefore, journalId: this.#current.journalId };
    this.#next = this.#foldingOf(this.#options.createState(), before);
    this.#run(this.#next);
    if (this.#current.isStopped) this.#resume();
  }

  /** The one that it stood still for has to begin again. */
  #resume(): void {
    this.#current = this.#foldingOf(this.#current.state, this.#current.folded);
    this.#run(this.#current);
  }

  #progress(folding: Folding): void {
    if (folding === this.#next) this.#overtake(folding);
    if (folding !== this.#current) return;
    this.#waiters.resolveUpTo(folding.state.sequence);
    this.#freshness.folded(folding.throughSequence);
    if (this.#onCaughtUp !== undefined && this.isCurrent()) this.#endCatchUp();
  }

  /** On the last stretch the current state stands still: what was answered from must not be newer than what follows. */
  #overtake(next: Folding): void {
    const behind = this.#current.throughSequence - next.throughSequence;
    if (behind <= lastStretch) this.#current.stop();
    if (behind > 0) return;
    this.#current = next;
    this.#next = undefined;
    const { journalId, generation, state } = next;
    this.#options.onGeneration(journalId, generation);
    this.#options.log.info(
      { generation, sequence: state.sequence },
      'the state that was folded anew answers from now on',
    );
  }

  #endCatchUp(): void {
    this.#onCaughtUp?.();
    this.#onCaughtUp = undefined;
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#stopped.signal.aborted) return;
    const failure = PalateError.from(error);
    this.#failure = failure;
    this.#current.stop();
    this.#next?.stop();
    this.#waiters.rejectAll(failure);
    this.#options.log.error({ err: error, sequence: this.state.sequence }, 'the state stopped following the journal');
    this.#endCatchUp();
    this.#options.onFailure(failure);
  }
}
