import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError } from '../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import type { Saved } from '../snapshots/save.ts';

export interface SnapshotScheduleOptions {
  readonly snapshot: (signal: AbortSignal) => Promise<Saved | undefined>;
  readonly journal: Pick<Journal, 'status'>;
  /** A snapshot after so many sequences, and after so long where there were any. */
  readonly everyEvents: number;
  readonly everyMillis: number;
  readonly log: Log;
  /** What becomes possible with a new snapshot: old segments may go. */
  readonly afterSnapshot?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** How often it is looked at. */
  readonly checkMillis?: number;
  /** After a failure it is tried again so much later. */
  readonly retryMillis?: number;
}

/** Of the last snapshot: the one that the state began with, or that was written since. */
export interface SnapshotStatus {
  /** 0: there is none. */
  readonly sequence: number;
  readonly bytes: number;
  /** Sequences since. */
  readonly missed: number;
  /** Milliseconds since 1970; 0: this process has written none. */
  readonly writtenAtMillis: number;
  /** How often none could be written. */
  readonly failures: number;
}

/** At a stop a snapshot is written where it spares the next start so many events, and costs no more than so many. */
const worthStopping = { fewest: 10_000, most: 300_000, bytes: 268_435_456 };

/** Has snapshots written in time. */
export class SnapshotSchedule implements Part {
  readonly name = 'snapshots';
  readonly #options: SnapshotScheduleOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #lastSequence = 0;
  #lastBytes = 0;
  #lastAt = 0;
  #writtenAtMillis = 0;
  #failures = 0;

  constructor(options: SnapshotScheduleOptions) {
    this.#options = options;
  }

  /** The state was restored from a snapshot that is this far. */
  startedFrom(sequence: number, bytes: number): void {
    this.#lastSequence = sequence;
    this.#lastBytes = bytes;
  }

  get status(): SnapshotStatus {
    const [sequence, bytes] = [this.#lastSequence, this.#lastBytes];
    return { sequence, bytes, missed: this.#missed, writtenAtMillis: this.#writtenAtMillis, failures: this.#failures };
  }

  async start(): Promise<void> {
    this.#lastAt = performance.now();
    this.#running = this.#run();
  }

  /** Writes one more where that is cheap. */
  async drain(signal: AbortSignal): Promise<void> {
    await this.#end();
    const missed = this.#missed;
    const { fewest, most, bytes } = worthStopping;
    if (missed < fewest || missed > most || this.#lastBytes > bytes) return;
    await this.#write(signal).catch((error) => this.#tell(error));
  }

  stop(): Promise<void> {
    return this.#end();
  }

  /** Sequences since the last snapshot. */
  get #missed(): number {
    return this.#options.journal.status().durableSequence - this.#lastSequence;
  }

  get #isDue(): boolean {
    const missed = this.#missed;
    const { everyEvents, everyMillis } = this.#options;
    return missed >= everyEvents || (missed > 0 && performance.now() - this.#lastAt >= everyMillis);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { checkMillis = 1_000, retryMillis = 60_000 } = this.#options;
    let pause = checkMillis;
    while (await slept(pause, signal)) {
      pause = checkMillis;
      if (!this.#isDue) continue;
      try {
        await this.#write(signal);
        await this.#options.afterSnapshot?.(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(error);
        pause = retryMillis;
      }
    }
  }

  async #write(signal: AbortSignal): Promise<void> {
    const saved = await this.#options.snapshot(signal);
    if (saved === undefined) return;
    const { name: snapshot, sequence, bytes, millis, removed } = saved;
    this.#lastSequence = sequence;
    this.#lastBytes = bytes;
    this.#lastAt = performance.now();
    this.#writtenAtMillis = Date.now();
    this.#options.log.info({ snapshot, sequence, bytes, millis: Math.round(millis), removed }, 'a snapshot is written');
  }

  #tell(error: unknown): void {
    this.#failures += 1;
    this.#options.log.error({ error: PalateError.from(error) }, 'a snapshot could not be written');
  }

  async #end(): Promise<void> {
    this.#stopping.abort(new PalateError('SHUTTING_DOWN', 'the server is stopping'));
    await this.#running;
  }
}

/** False: it was told to stop. */
async function slept(millis: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(millis, undefined, { signal, ref: false });
    return !signal.aborted;
  } catch {
    return false;
  }
}
