import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PalateError } from '../errors.ts';
import { errorCode } from '../files/system-error.ts';
import { type ByteTarget, byteTarget } from './byte-target.ts';
import type { Disk, DiskFile } from './disk.ts';
import { failedError, fullError, isFull } from './failure.ts';
import { encodeGroupHeader, groupHeaderBytes } from './group.ts';
import type { JournalWatch } from './journal.ts';
import { newSegment, type Segment } from './segment.ts';
import { encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes, segmentName } from './segment-header.ts';
import { unfinished } from './segment-list.ts';

/**
 * Writes groups to the last segment, one at a time, and starts new segments.
 *
 * No room (ENOSPC, EDQUOT, EFBIG): the file is cut back to its durable end, and the next group may try again. Where
 * fdatasync or the cut failed, what the kernel holds of the file is not to be trusted: the next group goes into a new
 * segment, whose header says where this one ended.
 * Any other failure, EIO at fdatasync above all, ends writing for good: a second fdatasync would report success for
 * pages that were dropped (PostgreSQL's "fsyncgate", 2018).
 */

/** What a group's header says of the records before which it stands. */
export interface GroupFacts {
  readonly count: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly appendedAtMicros: number;
}

export interface SegmentWriterOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** fdatasync after each group? */
  readonly sync: boolean;
  readonly segmentBytes: number;
  readonly now: () => number;
  /** Shared with readers; new ones are added at the end. */
  readonly segments: Segment[];
  readonly watch?: JournalWatch | undefined;
}

/** What is durable: where the writer stands. */
export interface WriterPosition {
  readonly lastSequence: number;
  readonly lastAppendedAtMicros: number;
  /** A commit marker, or nothing, stands at the end. */
  readonly proven: boolean;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #file: DiskFile;
  #position: WriterPosition;
  #mustRoll = false;

  constructor(options: SegmentWriterOptions, file: DiskFile, position: WriterPosition) {
    this.#options = options;
    this.#file = file;
    this.#position = position;
  }

  get position(): WriterPosition {
    return this.#position;
  }

  /**
   * Writes one group: `target` holds its records behind 48 bytes that are left for the header.
   * @throws PalateError JOURNAL_FULL, JOURNAL_FAILED
   */
  async write(target: ByteTarget, length: number, facts: GroupFacts): Promise<void> {
    if (this.#mustRoll || this.#isLarge(length)) await this.#roll(facts.firstSequence);
    await this.#put(target, length, facts, this.#options.sync);
    this.#position = {
      lastSequence: facts.lastSequence,
      lastAppendedAtMicros: facts.appendedAtMicros,
      proven: false,
    };
  }

  /** Writes a commit marker, where there is a group that nothing proves yet. With 'os', it makes that durable first. */
  async prove(): Promise<void> {
    if (this.#position.proven || this.#mustRoll) return;
    if (!this.#options.sync) await this.#datasync();
    const { lastSequence, lastAppendedAtMicros } = this.#position;
    const facts = { count: 0, firstSequence: lastSequence + 1, lastSequence, appendedAtMicros: lastAppendedAtMicros };
    await this.#put(byteTarget(new Uint8Array(groupHeaderBytes)), groupHeaderBytes, facts, true);
    this.#position = { ...this.#position, proven: true };
  }

  /**
   * Starts a segment of a new generation, so that all before it is sealed. An empty segment is replaced; its file stays.
   * @throws PalateError JOURNAL_FULL, JOURNAL_FAILED
   */
  async startGeneration(generation: number): Promise<void> {
    const { header, durableBytes } = this.#segment;
    if (durableBytes > segmentHeaderBytes) return this.#roll(this.#position.lastSequence + 1, generation);
    const { baseSequence, journalId, previous } = header;
    await this.#start({ ...firstHeader(baseSequence, this.#options.now()), generation, journalId, previous });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #segment(): Segment {
    return this.#options.segments.at(-1)!;
  }

  #isLarge(length: number): boolean {
    const { durableBytes } = this.#segment;
    return durableBytes > segmentHeaderBytes && durableBytes + length > this.#options.segmentBytes;
  }

  async #put(target: ByteTarget, length: number, facts: GroupFacts, proves: boolean): Promise<void> {
    const segment = this.#segment;
    const start = segment.durableBytes;
    const header = { ...facts, payloadBytes: length - groupHeaderBytes, proves };
    encodeGroupHeader(target, 0, segment.header.marker, header);
    try {
      await this.#file.write(target.bytes.subarray(0, length), start);
    } catch (error) {
      throw await this.#takeBack(error, start);
    }
    if (proves) await this.#datasync();
    segment.durableBytes = start + length;
    segment.index.add(facts.firstSequence, start);
  }

  async #datasync(): Promise<void> {
    const startMillis = performance.now();
    try {
      await this.#file.datasync();
      this.#options.watch?.synced(performance.now() - startMillis);
    } catch (error) {
      if (!isFull(error)) throw failedError('make a write durable', error);
      this.#mustRoll = true;
      await this.#file.truncate(this.#segment.durableBytes).catch(() => undefined);
      throw fullError(error);
    }
  }

  /** After a write that failed: what it left in the file goes, so that it can't come back after a restart. */
  async #takeBack(error: unknown, start: number): Promise<PalateError> {
    if (!isFull(error)) return failedError('write', error);
    // A file that may not grow any more is no reason to stop: the next one may.
    if (errorCode(error) === 'EFBIG') this.#mustRoll = true;
    try {
      await this.#file.truncate(start);
      await this.#file.datasync();
    } catch (again) {
      if (!isFull(again)) return failedError('take back a write', again);
      this.#mustRoll = true;
    }
    return fullError(error);
  }

  /** Starts a segment. The old one is durable by then, whatever the durability. */
  async #roll(baseSequence: number, generation = this.#segment.header.generation): Promise<void> {
    const before = this.#segment;
    if (!this.#options.sync && !this.#mustRoll) await this.#datasync();
    const { lastSequence, lastAppendedAtMicros } = this.#position;
    const header: SegmentHeader = {
      ...firstHeader(baseSequence, this.#options.now()),
      generation,
      journalId: before.header.journalId,
      previous: {
        baseSequence: before.header.baseSequence,
        generation: before.header.generation,
        bytes: before.durableBytes,
        lastSequence,
        lastAppendedAtMicros,
      },
    };
    await this.#start(header);
  }

  async #start(header: SegmentHeader): Promise<void> {
    const { disk, folder, segments } = this.#options;
    const { segment, file } = await createSegment(disk, folder, header);
    await this.#file.close().catch(() => undefined);
    this.#file = file;
    if (this.#segment.header.baseSequence === header.baseSequence) segments.pop();
    segments.push(segment);
    this.#mustRoll = false;
    this.#position = { ...this.#position, proven: true };
  }
}

/** The header of the first segment of a new journal. */
export function firstHeader(baseSequence: number, createdAtMicros: number): SegmentHeader {
  return {
    baseSequence,
    generation: 1,
    createdAtMicros,
    marker: randomBytes(8),
    journalId: randomBytes(8),
    previous: { baseSequence: 0, generation: 0, bytes: 0, lastSequence: 0, lastAppendedAtMicros: 0 },
  };
}

/**
 * Makes a segment file that is durable, name and all, before anything goes into it.
 * @throws PalateError JOURNAL_FULL, JOURNAL_FAILED
 */
export async function createSegment(
  disk: Disk,
  folder: string,
  header: SegmentHeader,
): Promise<{ segment: Segment; file: DiskFile }> {
  const path = join(folder, segmentName(header.baseSequence, header.generation));
  let file: DiskFile | undefined;
  let current = path + unfinished;
  try {
    file = await disk.open(current, 'create');
    await file.write(encodeSegmentHeader(header), 0);
    await file.datasync();
    await disk.rename(current, path);
    current = path;
    await disk.syncFolder(folder);
    return { segment: newSegment(path, header), file };
  } catch (error) {
    await file?.close().catch(() => undefined);
    if (!isFull(error)) throw failedError('start a segment', error);
    await discard(disk, folder, current);
    throw fullError(error);
  }
}

/** A segment that was half made must not stand between its neighbours after a restart. */
async function discard(disk: Disk, folder: string, path: string): Promise<void> {
  try {
    await disk.remove(path);
    await disk.syncFolder(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw failedError('remove a segment that it could not finish', error);
  }
}
