import { basename, join } from 'node:path';
import { isPalateError } from '../errors.ts';
import { errorCode } from '../files/system-error.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Disk } from './disk.ts';
import { closedError, failedError, fullError, isFull } from './failure.ts';
import type { Dropped, JournalLog, RewriteOptions, Rewritten } from './journal.ts';
import { nextHeader, writeAnew } from './rewritten-segment.ts';
import type { Segment } from './segment.ts';
import { assertComplete, segmentCursor } from './segment-cursor.ts';
import { segmentName } from './segment-header.ts';
import { unfinished } from './segment-list.ts';
import { removeInOrder, strayNames, trim } from './segment-removal.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { Slices } from './slices.ts';

/** Erasing and retention: what is done to sealed segments while the journal goes on. One thing after the other. */

export interface MaintenanceOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly now: () => number;
  readonly log: JournalLog;
  /** Shared with writer and readers. */
  readonly segments: Segment[];
  readonly queue: CommitQueue;
  readonly writer: SegmentWriter;
}

/** A rewrite under way. */
interface Rewrite {
  readonly erase: RewriteOptions['erase'];
  readonly slices: Slices;
  readonly generation: number;
}

/** So much is looked at in one go: a slice of a few milliseconds, when each record is decoded. */
const limits = { maxBytes: 262_144, maxRecords: 512 };

export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #settledGeneration: number;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#settledGeneration = this.generation;
  }

  /** Of the last rewrite that is complete, or the one that was found. */
  get settledGeneration(): number {
    return this.#settledGeneration;
  }

  get generation(): number {
    return this.#options.segments.reduce((highest, { header }) => Math.max(highest, header.generation), 1);
  }

  rewrite(options: RewriteOptions): Promise<Rewritten> {
    return this.#alone('rewrite a segment', () => this.#rewrite(options), options.signal);
  }

  dropBefore(sequence: number): Promise<Dropped> {
    return this.#alone('remove a segment', () => this.#dropBefore(sequence));
  }

  /** Ends what is under way at its next good place, and refuses the rest. */
  async close(): Promise<void> {
    this.#closing.abort(closedError());
    await this.#running;
  }

  /** Runs `work` when all before it is done. */
  #alone<Result>(what: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const result = this.#running.then(async () => {
      this.#closing.signal.throwIfAborted();
      return work();
    });
    const explained = result.catch((error: unknown) => {
      // A signal's reason and a fault of `erase` are the caller's own.
      if (isPalateError(error) || error === signal?.reason || errorCode(error) === '') throw error;
      throw isFull(error) ? fullError(error) : failedError(what, error);
    });
    this.#running = explained.catch(() => undefined);
    return explained;
  }

  async #rewrite({ erase, signal }: RewriteOptions): Promise<Rewritten> {
    const { disk, queue, writer, segments } = this.#options;
    const { signal: closing } = this.#closing;
    const slices = new Slices(signal === undefined ? closing : AbortSignal.any([closing, signal]));
    // A group that fails is not there to be erased.
    await queue.durable(queue.lastSequence).catch(() => undefined);
    const first = await this.#firstMatch(erase, slices);
    const before = this.generation;
    const generation = first === undefined ? before : before + 1;
    let erased = 0;
    if (first !== undefined) {
      await queue.between(() => writer.startGeneration(generation));
      const sealed = segments.length - 1;
      for (let at = first; at < sealed; at++) {
        const segment = segments[at]!;
        if (!(await this.#holdsMatch(segment, segments[at + 1], erase, slices))) continue;
        erased += await this.#replace(segment, { erase, slices, generation });
      }
    }
    await this.#removeStrays();
    for (const segment of segments.slice(0, -1)) await trim(disk, segment);
    this.#settledGeneration = generation;
    return { erased, generation };
  }

  /** The index of the first segment with a record to be erased; the last one is looked at as it is now. */
  async #firstMatch(erase: RewriteOptions['erase'], slices: Slices): Promise<number | undefined> {
    const segments = this.#options.segments.map((segment) => ({ ...segment }));
    for (const [at, segment] of segments.entries()) {
      if (await this.#holdsMatch(segment, segments[at + 1], erase, slices)) return at;
    }
    return undefined;
  }

  async #holdsMatch(
    segment: Segment,
    following: Segment | undefined,
    erase: RewriteOptions['erase'],
    slices: Slices,
  ): Promise<boolean> {
    const cursor = segmentCursor(this.#options.disk, segment, limits);
    try {
      for (let records = await cursor.next(); records.length > 0; records = await cursor.next()) {
        if (records.some((record) => record.kind === 'event' && erase(record))) return true;
        await slices.giveWay();
      }
      assertComplete(segment, following, cursor);
      return false;
    } finally {
      await cursor.close();
    }
  }

  /** A new file takes the place of a segment, then the old one goes. Returns how many events were erased. */
  async #replace(segment: Segment, { erase, slices, generation }: Rewrite): Promise<number> {
    const { disk, folder, segments, now, log } = this.#options;
    const at = segments.indexOf(segment);
    const header = nextHeader(segment, segments[at - 1], generation, now());
    try {
      const following = segments[at + 1]!;
      const { anew, erased } = await writeAnew({ disk, folder, header, segment, following, limits, erase, slices });
      segments[at] = anew;
      await this.#removeStrays();
      log.info({ segment: basename(anew.path), erased }, 'journal: a segment was rewritten');
      return erased;
    } catch (error) {
      const begun = join(folder, segmentName(header.baseSequence, generation) + unfinished);
      await disk.remove(begun).catch(() => undefined);
      throw error;
    }
  }

  async #removeStrays(): Promise<void> {
    const { disk, folder, segments } = this.#options;
    await removeInOrder(disk, folder, await strayNames(disk, folder, segments));
  }

  async #dropBefore(sequence: number): Promise<Dropped> {
    const { segments, log } = this.#options;
    const kept = segments.findIndex(
      (_, at) => !((segments[at + 1]?.header.previous.lastSequence ?? sequence) < sequence),
    );
    const dropped = segments.splice(0, kept);
    await this.#removeStrays();
    const bytes = dropped.reduce((sum, { durableBytes }) => sum + durableBytes, 0);
    const firstSequence = segments[0]!.header.baseSequence;
    if (kept > 0) log.info({ segments: kept, bytes, firstSequence }, 'journal: old segments were removed');
    return { segments: kept, bytes };
  }
}
