import { isPalateError, PalateError } from '../errors.ts';
import { packEvents } from '../events/event-ranges.ts';
import { FailedRanges } from './failed-ranges.ts';
import { closedError, failedError, fullError, fullPauseMillis } from './failure.ts';
import type {
  AppendBatch,
  Appended,
  DurableBatch,
  DurableListener,
  JournalLog,
  JournalState,
  JournalWatch,
} from './journal.ts';
import { encodedBytes, PendingGroup } from './pending-group.ts';
import type { SegmentWriter } from './segment-writer.ts';

/**
 * Group commit: while one group is being written and synced, the next gathers whatever is appended. Nothing waits for
 * company: an idle journal writes at once, a busy one writes larger groups.
 */

export interface CommitQueueOptions {
  readonly writer: SegmentWriter;
  /** Bytes that may wait to become durable, the group under way included. */
  readonly maxPendingBytes: number;
  /** Microseconds since 1970. */
  readonly now: () => number;
  readonly log: JournalLog;
  readonly watch?: JournalWatch | undefined;
  /** The first sequence to give out. */
  readonly nextSequence: number;
  readonly lastAppendedAtMicros: number;
  /** May a commit marker follow when nothing comes? Not with durability 'os', where it would prove nothing. */
  readonly marksWhenIdle: boolean;
}

/** After a group, how long nothing must come before a commit marker is written. */
const idleMillis = 50;
const nothing: Appended = { firstSequence: 0, lastSequence: 0, appendedAtMicros: 0, durable: Promise.resolve() };

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #listeners = new Set<DurableListener>();
  readonly #watchers = new Set<() => void>();
  readonly #failures = new FailedRanges();
  #gathering = new PendingGroup();
  /** The group that is being written; between two commits, the spare one. */
  #writing = new PendingGroup();
  #commits: Promise<void> | undefined;
  #interludes: (() => Promise<void>)[] = [];
  #idleTimer: NodeJS.Timeout | undefined;
  #nextSequence: number;
  /** Moves after the listeners were told, not before: until then `durable` waits. */
  #durableSequence: number;
  #lastAppendedAtMicros: number;
  #commitMillis = 1;
  #full: { readonly error: PalateError; readonly atMillis: number } | undefined;
  #failed: PalateError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#nextSequence = options.nextSequence;
    this.#durableSequence = options.writer.position.lastSequence;
    this.#lastAppendedAtMicros = options.lastAppendedAtMicros;
    this.#waitForIdle();
  }

  get state(): JournalState {
    if (this.#closing !== undefined) return 'closed';
    if (this.#failed !== undefined) return 'failed';
    return this.#full === undefined ? 'open' : 'full';
  }

  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  get durableSequence(): number {
    return this.#durableSequence;
  }

  get lastAppendedAtMicros(): number {
    return this.#lastAppendedAtMicros;
  }

  get pendingBytes(): number {
    return pendingBytesOf(this.#gathering) + pendingBytesOf(this.#writing);
  }

  /** Why the journal takes nothing more, where that is so for good. */
  get ended(): PalateError | undefined {
    return this.#failed ?? (this.#closing === undefined ? undefined : closedError());
  }

  append(batch: AppendBatch): Appended {
    const refused = this.ended ?? this.#refusedAsFull();
    if (refused !== undefined) throw refused;
    if (batch.events.length === 0) return nothing;
    const events = 'bytes' in batch.events ? batch.events : packEvents(batch.events);
    const bytes = encodedBytes(batch, events);
    this.#admit(bytes);
    const appendedAtMicros = Math.max(this.#options.now(), this.#lastAppendedAtMicros);
    const group = this.#gathering;
    const { firstSequence, lastSequence } = group.add(batch, events, bytes, this.#nextSequence, appendedAtMicros);
    this.#nextSequence = lastSequence + 1;
    this.#lastAppendedAtMicros = appendedAtMicros;
    this.#commits ??= this.#commitAll();
    return { firstSequence, lastSequence, appendedAtMicros, durable: group.settled };
  }

  async durable(sequence: number): Promise<void> {
    const failure = this.#failures.errorOf(sequence);
    if (failure !== undefined) throw failure;
    if (sequence <= this.#durableSequence) return;
    const group = [this.#writing, this.#gathering].find((each) => !each.isEmpty && sequence <= each.lastSequence);
    if (group !== undefined) return group.settled;
    throw this.ended ?? new PalateError('SEQUENCE_UNAVAILABLE', `sequence ${sequence} has not been given out yet`);
  }

  onDurable(listener: DurableListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `watcher` once, when more has become durable or the journal has ended. Returns what takes it back. */
  onceChanged(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Runs `work` when no group is being written, and lets none begin meanwhile. What is appended gathers. A failure of it
   * is the journal's, as if a group had failed.
   */
  between(work: () => Promise<void>): Promise<void> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.#interludes.push(async () => {
        try {
          if (this.#failed !== undefined) throw this.#failed;
          resolve(await work());
        } catch (error) {
          this.#fail(error);
          reject(error);
        }
      });
      this.#commits ??= this.#commitAll();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #hasWork(): boolean {
    return !this.#gathering.isEmpty || this.#interludes.length > 0;
  }

  /** A full disk is tried again by one append now and then, not by all of them. */
  #refusedAsFull(): PalateError | undefined {
    if (this.#full === undefined || performance.now() - this.#full.atMillis >= fullPauseMillis) return undefined;
    return fullError(this.#full.error.cause);
  }

  #admit(bytes: number): void {
    const { maxPendingBytes } = this.#options;
    if (bytes > maxPendingBytes) {
      const message = `a batch of ${bytes} bytes is more than the ${maxPendingBytes} that may wait for the disk`;
      throw new PalateError('BATCH_TOO_LARGE', message);
    }
    if (this.pendingBytes + bytes <= maxPendingBytes) return;
    throw new PalateError('OVERLOADED', `the disk is behind: ${this.pendingBytes} bytes wait to become durable`, {
      retryAfterMillis: Math.ceil(Math.min(Math.max(2 * this.#commitMillis, 10), 5_000)),
    });
  }

  /** Writes groups until none is left. Starts after this turn of the event loop, so that what it brought goes together. */
  async #commitAll(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#hasWork) {
      await this.#interludes.shift()?.();
      if (this.#gathering.isEmpty) continue;
      const group = this.#gathering;
      this.#gathering = this.#writing;
      this.#writing = group;
      await this.#commit(group);
    }
    this.#commits = undefined;
    this.#waitForIdle();
  }

  async #commit(group: PendingGroup): Promise<void> {
    const startMillis = performance.now();
    const { firstSequence, lastSequence } = group;
    const facts = {
      count: group.batches.reduce((count, { events }) => count + events.length, 0),
      firstSequence,
      lastSequence,
      appendedAtMicros: group.lastAppendedAtMicros,
    };
    try {
      if (this.#failed !== undefined) throw this.#failed;
      await this.#options.writer.write(group.target, group.length, facts);
    } catch (error) {
      this.#fail(error);
      const reason = isPalateError(error) ? error : failedError('write', error);
      this.#failures.add(firstSequence, lastSequence, reason);
      group.reject(reason);
      group.reset();
      return;
    }
    this.#commitMillis = performance.now() - startMillis;
    this.#options.watch?.committed({ events: facts.count, bytes: group.length, millis: this.#commitMillis });
    this.#recovered();
    this.#tell(group.batches);
    this.#durableSequence = lastSequence;
    group.resolve();
    group.reset();
    this.#notify();
  }

  #fail(error: unknown): void {
    const reason = isPalateError(error) ? error : failedError('write', error);
    if (reason.reason === 'JOURNAL_FULL') {
      if (this.#full === undefined) this.#options.log.error({ err: reason }, 'journal: no room, appends are refused');
      this.#full = { error: reason, atMillis: performance.now() };
      return;
    }
    if (this.#failed !== undefined) return;
    this.#failed = reason;
    this.#options.log.error({ err: reason }, 'journal: failed, appends are refused until a restart');
    this.#notify();
  }

  #recovered(): void {
    if (this.#full === undefined) return;
    this.#full = undefined;
    this.#options.log.info({}, 'journal: there is room again');
  }

  #tell(batches: readonly DurableBatch[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(batches);
      } catch (error) {
        this.#options.log.error({ err: error }, 'journal: a listener failed on a durable group');
      }
    }
  }

  #notify(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }

  #waitForIdle(): void {
    if (!this.#options.marksWhenIdle || this.ended !== undefined) return;
    if (this.#idleTimer !== undefined) {
      this.#idleTimer.refresh();
      return;
    }
    this.#idleTimer = setTimeout(() => {
      if (this.#commits !== undefined || this.ended !== undefined) return;
      this.#commits = this.#prove();
    }, idleMillis).unref();
  }

  /** Writes a commit marker, then whatever came meanwhile. */
  async #prove(): Promise<void> {
    try {
      await this.#options.writer.prove();
    } catch (error) {
      this.#fail(error);
    }
    if (this.#hasWork) return this.#commitAll();
    this.#commits = undefined;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    while (this.#commits !== undefined) await this.#commits;
    try {
      if (this.#failed === undefined) await this.#options.writer.prove();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'journal: closed without a commit marker');
    }
    await this.#options.writer.close();
    this.#notify();
  }
}

function pendingBytesOf(group: PendingGroup): number {
  return group.isEmpty ? 0 : group.length;
}
