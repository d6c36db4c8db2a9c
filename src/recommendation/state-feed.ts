import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { isPalateError, PalateError } from '../errors.ts';
import type { DurableBatch, Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { Log } from '../rpc/log.ts';
import { attachedEvent, decodeEvent } from './decode-event.ts';
import type { RecordHeader, State } from './fold/state.ts';
import { SequenceWaiters } from './sequence-waiters.ts';

/** The state, and what tells how far it is. */
export interface StateFeed {
  readonly state: State;
  /**
   * Resolves when the state has folded `sequence`. `deadlineMillis`: milliseconds since the epoch.
   * Rejects with STATE_BEHIND at the deadline, with the signal's reason when it aborts, with what stopped the feed.
   */
  reached(sequence: number, signal?: AbortSignal, deadlineMillis?: number): Promise<void>;
  status(): FeedStatus;
}

export interface FeedStatus {
  /** Sequences that are durable and not folded yet. */
  readonly lag: number;
  /** Records folded since the process began, tombstones included. */
  readonly records: number;
  /** Those whose bytes are no event: reported and passed over. */
  readonly unreadable: number;
  /** Of the replay at the start: records, and how long they took. */
  readonly replayedRecords: number;
  readonly replayMillis: number;
  /** What stopped the feed, if anything did. */
  readonly failure: PalateError | undefined;
}

/** What the feed needs of a journal. */
export type FeedJournal = Pick<Journal, 'read' | 'onDurable' | 'status'>;

export interface StateFeedOptions {
  readonly state: State;
  readonly journal: FeedJournal;
  readonly log: Log;
  /** Durable events that may wait to be folded. When more come, they are read from the journal later. */
  readonly maxQueuedEvents?: number;
  /** Told once when the feed stops for good: the state stands still from then on. */
  readonly onFailure?: (failure: PalateError) => void;
  /** Other work gets its turn after so long. */
  readonly sliceMillis?: number;
}

/**
 * Joins journal and state: replays what is there, then folds each durable batch as it comes, in order, in slices that
 * give way to other work. What does not fit into the queue is read from the journal instead, so that a burst costs
 * memory for the queue only. `start` resolves when the state has caught up.
 */
export class JournalFeed implements StateFeed, Part {
  readonly name = 'recommendation state';
  readonly state: State;
  readonly #options: Required<StateFeedOptions>;
  readonly #waiters = new SequenceWaiters();
  readonly #stopping = new AbortController();
  #queue: DurableBatch[] = [];
  #queuedEvents = 0;
  /** Above the state's sequence: batches up to here were not queued and must be read. */
  #missedThrough = 0;
  #durable = 0;
  #running = Promise.resolve();
  #isRunning = false;
  #unsubscribe: (() => void) | undefined;
  #sliceEndsAt = 0;
  #records = 0;
  #unreadable = 0;
  #replayedRecords = 0;
  #replayMillis = 0;
  #failure: PalateError | undefined;

  constructor(options: StateFeedOptions) {
    this.state = options.state;
    this.#options = { maxQueuedEvents: 100_000, sliceMillis: 2, onFailure: () => undefined, ...options };
  }

  async start(): Promise<void> {
    const began = performance.now();
    this.#durable = this.#options.journal.status().durableSequence;
    this.#missedThrough = this.#durable;
    this.#unsubscribe = this.#options.journal.onDurable((batches) => this.#take(batches));
    await this.#run();
    if (this.#failure !== undefined) throw this.#failure;
    this.#replayedRecords = this.#records;
    this.#replayMillis = performance.now() - began;
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    const stopped = new PalateError('SHUTTING_DOWN', 'the server is stopping');
    this.#stopping.abort(stopped);
    await this.#running;
    this.#waiters.rejectAll(stopped);
  }

  reached(sequence: number, signal?: AbortSignal, deadlineMillis?: number): Promise<void> {
    if (sequence <= this.state.sequence) return Promise.resolve();
    const ended = this.#failure ?? (this.#stopping.signal.reason as PalateError | undefined);
    if (ended !== undefined) return Promise.reject(ended);
    return this.#waiters.wait(sequence, () => this.state.sequence, signal, deadlineMillis);
  }

  status(): FeedStatus {
    return {
      lag: Math.max(0, this.#durable - this.state.sequence),
      records: this.#records,
      unreadable: this.#unreadable,
      replayedRecords: this.#replayedRecords,
      replayMillis: this.#replayMillis,
      failure: this.#failure,
    };
  }

  /** Called by the journal, which is in a hurry: what folds at once is folded at once, up to one slice. */
  #take(batches: readonly DurableBatch[]): void {
    for (const batch of batches) {
      this.#durable = batch.lastSequence;
      if (this.#failure !== undefined) continue;
      const isFull = this.#queuedEvents + batch.events.length > this.#options.maxQueuedEvents;
      if (isFull || this.#missedThrough > this.state.sequence) this.#missedThrough = batch.lastSequence;
      else this.#enqueue(batch);
    }
    void this.#run();
  }

  #enqueue(batch: DurableBatch): void {
    this.#queue.push(batch);
    this.#queuedEvents += batch.events.length;
  }

  #run(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#running = this.#catchUp();
    }
    return this.#running;
  }

  async #catchUp(): Promise<void> {
    this.#sliceEndsAt = performance.now() + this.#options.sliceMillis;
    try {
      while (!this.#stopping.signal.aborted) {
        if (this.#queue.length > 0) await this.#foldQueue();
        else if (this.#missedThrough > this.state.sequence) await this.#foldFromJournal();
        else break;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      // In the same turn as the last look at the queue: a batch that comes later starts a new run.
      this.#isRunning = false;
    }
  }

  async #foldQueue(): Promise<void> {
    const batches = this.#queue;
    this.#queue = [];
    for (const batch of batches) {
      const { appendedAtMicros, tenant, events } = batch;
      for (let at = 0; at < events.length; at++) {
        const sequence = batch.firstSequence + at;
        this.#fold({ sequence, appendedAtMicros, tenant }, events[at]!, batch, at);
        this.#queuedEvents -= 1;
        if (this.#isSliceOver()) await this.#giveWay();
      }
    }
    this.#waiters.resolveUpTo(this.state.sequence);
  }

  /** Everything up to the durable end. Batches that come meanwhile are read too: `#missedThrough` moves on. */
  async #foldFromJournal(): Promise<void> {
    const { journal } = this.#options;
    const before = this.state.sequence;
    const signal = this.#stopping.signal;
    for await (const records of journal.read({ afterSequence: before, signal })) {
      for (const record of records) {
        this.#fold(record, record.kind === 'tombstone' ? undefined : record.event);
        if (this.#isSliceOver()) await this.#giveWay();
      }
      this.#waiters.resolveUpTo(this.state.sequence);
    }
    if (this.state.sequence === before && !signal.aborted) throw unreadableJournal(before, this.#missedThrough);
  }

  /** `bytes` undefined: there is nothing to fold, as in a tombstone. What the scanner leaves is decoded. */
  #fold(header: RecordHeader, bytes: Uint8Array | undefined, batch?: DurableBatch, at = 0): void {
    if (header.sequence <= this.state.sequence) return;
    this.#records += 1;
    if (bytes !== undefined && this.state.applyBytes(header, bytes)) return;
    const event = bytes && (attachedEvent(batch, at) ?? this.#decode(header.sequence, bytes));
    if (event === undefined) this.state.skip(header.sequence);
    else this.state.apply(header, event);
  }

  /** Undefined, reported and counted where the bytes are no event. Throws where a newer version wrote it. */
  #decode(sequence: number, bytes: Uint8Array): Event | undefined {
    try {
      return decodeEvent(sequence, bytes);
    } catch (error) {
      if (isPalateError(error)) throw error;
      this.#unreadable += 1;
      this.#options.log.error({ sequence, err: error }, 'a record of the journal is no event: it is passed over');
      return undefined;
    }
  }

  /** The clock is asked every 16 records. */
  #isSliceOver(): boolean {
    return this.#records % 16 === 0 && performance.now() >= this.#sliceEndsAt;
  }

  async #giveWay(): Promise<void> {
    this.#waiters.resolveUpTo(this.state.sequence);
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEndsAt = performance.now() + this.#options.sliceMillis;
  }

  #fail(error: unknown): void {
    const failure = PalateError.from(error);
    this.#failure = failure;
    this.#queue = [];
    this.#queuedEvents = 0;
    this.#waiters.rejectAll(failure);
    this.#options.log.error({ err: error, sequence: this.state.sequence }, 'the state stopped following the journal');
    this.#options.onFailure(failure);
  }
}

function unreadableJournal(after: number, through: number): PalateError {
  return new PalateError(
    'SEQUENCE_UNAVAILABLE',
    `the journal has no records after ${after}, though ${through} is durable`,
  );
}
