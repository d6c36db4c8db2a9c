import { availableParallelism } from 'node:os';
import { isPalateError, PalateError } from '../errors.ts';
import type { DurableBatch, Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { Log } from '../rpc/log.ts';
import { collectSeldom } from '../threads/growing-tables.ts';
import type { State } from './fold/state.ts';
import { startFoldSpan } from './fold-spans.ts';
import type { FoldableBlock } from './foldable-block.ts';
import { RecordFolder } from './record-folder.ts';
import { ReplayHelp } from './replay/replay-help.ts';
import { ScanThread } from './replay/scan-thread.ts';
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
  /** Of the journal, from which the state was folded: records that were erased in it are not in the state. */
  readonly generation: number;
  /** Where the journal is another process's. */
  readonly following?: FollowingStatus;
}

/** What a state follows, and how well. */
export interface FollowingStatus {
  /** `host:port` of the journal's owner. */
  readonly address: string;
  /** '' before anything was heard. */
  readonly journalId: string;
  /** The journal's, as last heard; 0: nothing was. */
  readonly generation: number;
  /** The journal's durable end, as last heard. */
  readonly lastSequence: number;
  /** Milliseconds since the epoch; undefined: nothing was. */
  readonly heardAtMillis: number | undefined;
  /** How long ago the state had all of the journal; Infinity: never. */
  readonly lagMillis: number;
  readonly isCurrent: boolean;
}

/** What the feed needs of a journal. */
export type FeedJournal = Pick<Journal, 'readBlocks' | 'onDurable' | 'status'>;

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
  /**
   * From so many records on, a replay from the journal's beginning is helped by a second thread. Default: 50,000; where there
   * is one core, never.
   */
  readonly helpFromRecords?: number;
  /** The journal's: a third thread then reads it for a replay that is helped. */
  readonly folder?: string;
}

/** While the journal is replayed with help: nobody is answered yet. */
const replaySliceMillis = 10;

/**
 * Joins journal and state: replays what is there, then folds each durable batch as it comes, in order, in slices that
 * give way to other work. What does not fit into the queue is read from the journal instead, so that a burst costs
 * memory for the queue only. `start` resolves when the state has caught up.
 */
export class JournalFeed implements StateFeed, Part {
  readonly name = 'recommendation state';
  readonly state: State;
  readonly #options: Required<Omit<StateFeedOptions, 'folder'>> & Pick<StateFeedOptions, 'folder'>;
  #folder: RecordFolder;
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
  #replayedRecords = 0;
  #replayMillis = 0;
  #failure: PalateError | undefined;
  #generation = 0;
  /** While the journal is replayed from its beginning. */
  #help: ReplayHelp | undefined;
  /** Reads the journal for the replay. */
  #scans: ScanThread | undefined;
  /** To be run while nothing is folded. */
  readonly #interludes: (() => Promise<void>)[] = [];

  constructor(options: StateFeedOptions) {
    this.state = options.state;
    this.#folder = new RecordFolder(options.state, options.log);
    this.#options = {
      maxQueuedEvents: 100_000,
      sliceMillis: 2,
      helpFromRecords: availableParallelism() > 1 ? 50_000 : Number.POSITIVE_INFINITY,
      onFailure: () => undefined,
      ...options,
    };
  }

  async start(): Promise<void> {
    const began = performance.now();
    this.#durable = this.#options.journal.status().durableSequence;
    this.#missedThrough = this.#durable;
    this.#generation = this.#options.journal.status().generation;
    this.#unsubscribe = this.#options.journal.onDurable((batches) => this.#take(batches));
    await this.#replay();
    if (this.#failure !== undefined) throw this.#failure;
    this.#replayedRecords = this.#folder.records;
    this.#replayMillis = performance.now() - began;
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    const stopped = new PalateError('SHUTTING_DOWN', 'the server is stopping');
    this.#stopping.abort(stopped);
    await Promise.all([this.#help?.stop(), this.#scans?.stop()]);
    await this.#running;
    await Promise.all(this.#interludes.map((interlude) => interlude()));
    this.#waiters.rejectAll(stopped);
  }

  async #replay(): Promise<void> {
    if (this.state.sequence > 0 || this.#durable < this.#options.helpFromRecords) return this.#run();
    const endSeldom = collectSeldom();
    try {
      await this.#replayHelped();
    } finally {
      endSeldom();
    }
  }

  async #replayHelped(): Promise<void> {
    const { log, folder } = this.#options;
    const help = new ReplayHelp(this.state, log);
    this.#help = help;
    if (folder !== undefined) this.#scans = new ScanThread(folder, this.#durable);
    await this.#run();
    if (this.#failure !== undefined || this.#stopping.signal.aborted) return help.stop();
    if (this.#help === undefined) return;
    await this.whileStill(async () => this.#checkHelp(await help.end()));
    this.#help = undefined;
    await this.#run();
  }

  /** The thread was lost, and the state is empty: everything is read again. */
  #checkHelp(isThere: boolean): void {
    if (isThere) return;
    this.#help = undefined;
    this.#folder = new RecordFolder(this.state, this.#options.log);
    this.#queue = [];
    this.#queuedEvents = 0;
    this.#missedThrough = this.#durable;
  }

  /** Of the journal, from which the state was folded. 0: it was not begun. */
  get generation(): number {
    return this.#generation;
  }

  /** Runs `work` while nothing is folded, and settles as it does. What becomes durable meanwhile waits. */
  whileStill(work: () => Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#interludes.push(async () => {
      try {
        this.#stopping.signal.throwIfAborted();
        resolve(await work());
      } catch (error) {
        reject(error);
      }
    });
    void this.#run();
    return promise;
  }

  /** Takes tenants over from a state that has come exactly as far. */
  adopt(from: State, tenants: readonly string[], generation: number): void {
    this.state.adopt(from, tenants);
    this.#generation = generation;
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
      records: this.#folder.records,
      unreadable: this.#folder.unreadable,
      replayedRecords: this.#replayedRecords,
      replayMillis: this.#replayMillis,
      failure: this.#failure,
      generation: this.#generation,
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
    this.#beginSlice();
    try {
      while (!this.#stopping.signal.aborted) {
        const interlude = this.#interludes.shift();
        if (interlude !== undefined) await interlude();
        else if (this.#queue.length > 0) await this.#foldQueue();
        else if (this.#scans !== undefined) await this.#foldScanned(this.#scans);
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
      const { length } = batch.events;
      const span = startFoldSpan(batch.trace, batch.firstSequence, length);
      for (let at = 0; at < length; ) {
        const next = this.#folder.foldBatch(batch, at, this.#sliceEndsAt);
        this.#queuedEvents -= next - at;
        at = next;
        if (performance.now() >= this.#sliceEndsAt) await this.#giveWay();
      }
      span?.end();
    }
    this.#waiters.resolveUpTo(this.state.sequence);
  }

  /** Everything up to the durable end. Batches that come meanwhile are read too: `#missedThrough` moves on. */
  async #foldFromJournal(): Promise<void> {
    const { journal } = this.#options;
    const before = this.state.sequence;
    const signal = this.#stopping.signal;
    if (!(await this.#foldBlocks(journal.readBlocks({ afterSequence: before, signal })))) return;
    if (this.state.sequence === before && !signal.aborted) throw unreadableJournal(before, this.#missedThrough);
  }

  /** What the thread reads. Where it fails the journal is read here: what is wrong with it shows again. */
  async #foldScanned(scans: ScanThread): Promise<void> {
    try {
      await this.#foldBlocks(scans.read());
    } catch (error) {
      if (!isPalateError(error) || error.reason !== 'WORKER_LOST') throw error;
      this.#options.log.warn({ err: error }, 'the journal is replayed without a thread that reads it');
    } finally {
      this.#scans = undefined;
      await scans.stop();
    }
  }

  /** False: help was lost, and all is to be folded anew. */
  async #foldBlocks(blocks: AsyncIterable<FoldableBlock>): Promise<boolean> {
    for await (const block of blocks) {
      for (let at = 0; at < block.length; ) {
        at = this.#folder.foldBlock(block, at, this.#sliceEndsAt);
        if (performance.now() >= this.#sliceEndsAt) await this.#giveWay();
      }
      this.#waiters.resolveUpTo(this.state.sequence);
      if (this.#help === undefined) continue;
      this.#checkHelp(await this.#help.keepPace());
      if (this.state.sequence === 0) return false;
    }
    return true;
  }

  async #giveWay(): Promise<void> {
    this.#waiters.resolveUpTo(this.state.sequence);
    await new Promise((resolve) => setImmediate(resolve));
    this.#beginSlice();
  }

  #beginSlice(): void {
    const { sliceMillis } = this.#options;
    this.#sliceEndsAt = performance.now() + (this.#help === undefined ? sliceMillis : replaySliceMillis);
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
