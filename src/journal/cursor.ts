import { PalateError } from '../errors.ts';
import { errorCode } from '../files/system-error.ts';
import type { Disk, DiskFile } from './disk.ts';
import { failedError } from './failure.ts';
import type { ReadOptions } from './journal.ts';
import type { JournalRecord } from './record.ts';
import type { RecordBlock } from './record-block.ts';
import { corrupt, type Segment, segmentIndexOf } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';
import { Damage, type Limits, SegmentWalk } from './segment-walk.ts';

/** The segments of a journal, as they are at the moment: added at the end, dropped at the start, replaced between. */
export interface SegmentSource {
  readonly disk: Disk;
  readonly segments: readonly Segment[];
  /** Looks at the folder again, where another process changes it. */
  readonly refresh?: () => Promise<unknown>;
}

/** Where a cursor reads. */
interface Place {
  readonly segment: Segment;
  readonly file: DiskFile;
  readonly walk: SegmentWalk;
}

/**
 * A reader's place in the journal. Goes from segment to segment, and never beyond what is durable. Where the segment
 * that it reads is replaced by a newer generation, it goes on in that one, behind the last record that it gave out.
 */
export class Cursor {
  readonly #source: SegmentSource;
  readonly #limits: Limits;
  #place: Place | undefined;
  /** Everything up to here was given out or passed over. */
  throughSequence: number;

  constructor(source: SegmentSource, { afterSequence, maxBytes = 1_048_576, maxRecords = 8_192 }: ReadOptions) {
    this.#source = source;
    this.#limits = { maxBytes, maxRecords };
    this.throughSequence = afterSequence;
  }

  /**
   * The next records; none at the durable end, and after more has become durable it goes on from there.
   * @throws PalateError JOURNAL_CORRUPT; SEQUENCE_UNAVAILABLE where they have been dropped meanwhile.
   */
  async next(): Promise<readonly JournalRecord[]> {
    const block = await this.nextBlock();
    return block === undefined ? [] : block.records();
  }

  /** The same records without an object for each; undefined where there is none. */
  async nextBlock(): Promise<RecordBlock | undefined> {
    for (;;) {
      const { segment, walk } = await this.#current();
      const block = await this.#step(segment, walk);
      this.throughSequence = Math.max(this.throughSequence, walk.lastSequence);
      if (block !== undefined) return block;
      const following = followingSegment(this.#source.segments, segment);
      if (following === undefined) return undefined;
      // Its end may have moved while we read; once another follows, it is final.
      if (walk.position < segment.durableBytes) continue;
      this.#checkEnd(segment, walk, following);
      await this.#enter(following);
    }
  }

  async close(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await place?.file.close();
  }

  async #step(segment: Segment, walk: SegmentWalk): Promise<RecordBlock | undefined> {
    try {
      return await walk.next(segment.durableBytes, this.throughSequence, this.#limits);
    } catch (error) {
      if (error instanceof Damage) throw corrupt(segment.path, error.offset, error.sequence, error.message);
      throw failedError(`read ${segment.path}`, error);
    }
  }

  async #current(): Promise<Place> {
    const place = this.#place;
    if (place !== undefined && this.#isCurrent(place.segment)) return place;
    const { segments } = this.#source;
    assertNotDropped(this.throughSequence, segments);
    return this.#enter(segments[segmentIndexOf(segments, this.throughSequence + 1)]!);
  }

  /** Opens a segment. Where it went in the meantime, the one that holds its place is opened instead. */
  async #enter(segment: Segment): Promise<Place> {
    await this.close();
    try {
      const file = await this.#source.disk.open(segment.path, 'read');
      const position = segment.index.offsetBefore(this.throughSequence + 1) ?? segmentHeaderBytes;
      this.#place = { segment, file, walk: new SegmentWalk(file, segment, position) };
      return this.#place;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        await this.#source.refresh?.();
        if (!this.#isCurrent(segment)) return this.#current();
      }
      throw failedError(`open ${segment.path}`, error);
    }
  }

  #isCurrent(segment: Segment): boolean {
    const { segments } = this.#source;
    return segments[segmentIndexOf(segments, segment.header.baseSequence)] === segment;
  }

  /** A rewritten segment that was cut short at the end of a group would else pass for a whole one. */
  #checkEnd(segment: Segment, walk: SegmentWalk, { header: { previous } }: Segment): void {
    if (previous.lastSequence <= this.throughSequence) return;
    if (previous.baseSequence !== segment.header.baseSequence) {
      throw unavailable(this.throughSequence, previous.lastSequence + 1);
    }
    throw corrupt(segment.path, walk.position, walk.lastSequence + 1, 'the file ends before its last record');
  }
}

/** The one after `segment`, which itself may have been dropped. */
function followingSegment(segments: readonly Segment[], { header: { baseSequence } }: Segment): Segment | undefined {
  const at = segmentIndexOf(segments, baseSequence);
  return segments[at]!.header.baseSequence > baseSequence ? segments[at] : segments[at + 1];
}

/** @throws PalateError SEQUENCE_UNAVAILABLE where the journal does not go back, or has not come, that far. */
export function assertCovered(afterSequence: number, segments: readonly Segment[], lastSequence: number): void {
  const firstSequence = segments[0]!.header.baseSequence;
  const isPlace = Number.isSafeInteger(afterSequence) && afterSequence >= 0 && afterSequence <= lastSequence;
  if (isPlace && isCovered(afterSequence, segments)) return;
  throw new PalateError(
    'SEQUENCE_UNAVAILABLE',
    `the journal holds sequences ${firstSequence} to ${lastSequence}; asked for those after ${afterSequence}`,
    { metadata: { firstSequence: String(firstSequence), lastSequence: String(lastSequence) } },
  );
}

function assertNotDropped(afterSequence: number, segments: readonly Segment[]): void {
  if (!isCovered(afterSequence, segments)) throw unavailable(afterSequence, segments[0]!.header.baseSequence);
}

/** Is every record after this one there? A failed group may have left a gap before the first segment. */
function isCovered(afterSequence: number, segments: readonly Segment[]): boolean {
  return afterSequence >= segments[0]!.header.previous.lastSequence;
}

function unavailable(afterSequence: number, firstSequence: number): PalateError {
  return new PalateError(
    'SEQUENCE_UNAVAILABLE',
    `the journal begins at sequence ${firstSequence} by now; asked for those after ${afterSequence}`,
    { metadata: { firstSequence: String(firstSequence) } },
  );
}
