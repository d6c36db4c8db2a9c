import { PalateError } from '../errors.ts';
import type { Disk, DiskFile } from './disk.ts';
import { failedError } from './failure.ts';
import type { JournalRecord } from './record.ts';
import { corrupt, type Segment, segmentIndexOf } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';
import { Damage, type Limits, SegmentWalk } from './segment-walk.ts';

/** A reader's place in the journal. Goes from segment to segment, and never beyond what is durable. */
export class Cursor {
  readonly #disk: Disk;
  readonly #segments: readonly Segment[];
  readonly #limits: Limits;
  /** Records up to here are left out. */
  readonly #after: number;
  #open: { readonly segment: Segment; readonly file: DiskFile; readonly walk: SegmentWalk } | undefined;
  /** Everything up to here was given out or passed over. */
  throughSequence: number;

  constructor(disk: Disk, segments: readonly Segment[], afterSequence: number, limits: Limits) {
    this.#disk = disk;
    this.#segments = segments;
    this.#after = afterSequence;
    this.#limits = limits;
    this.throughSequence = afterSequence;
  }

  /** The next records; none at the durable end, and after more has become durable it goes on from there. */
  async next(): Promise<readonly JournalRecord[]> {
    for (;;) {
      const { segment, walk } = this.#open ?? (await this.#start());
      const records = await this.#step(segment, walk);
      this.throughSequence = Math.max(this.throughSequence, walk.lastSequence);
      if (records.length > 0) return records;
      const following = this.#following(segment);
      if (following === undefined) return records;
      // Its end may have moved while we read; once another follows, it is final.
      if (walk.position < segment.durableBytes) continue;
      await this.#enter(following, segmentHeaderBytes);
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }

  async #step(segment: Segment, walk: SegmentWalk): Promise<readonly JournalRecord[]> {
    try {
      return await walk.next(segment.durableBytes, this.#after, this.#limits);
    } catch (error) {
      if (error instanceof Damage) throw corrupt(segment.path, error.offset, error.sequence, error.message);
      throw failedError(`read ${segment.path}`, error);
    }
  }

  #start() {
    const wanted = this.#after + 1;
    const segment = this.#segments[segmentIndexOf(this.#segments, wanted)]!;
    return this.#enter(segment, segment.index.offsetBefore(wanted) ?? segmentHeaderBytes);
  }

  async #enter(segment: Segment, position: number) {
    await this.close();
    const file = await this.#disk.open(segment.path, 'read').catch((error: unknown) => {
      throw failedError(`open ${segment.path}`, error);
    });
    this.#open = { segment, file, walk: new SegmentWalk(file, segment, position) };
    return this.#open;
  }

  #following(segment: Segment): Segment | undefined {
    const at = segmentIndexOf(this.#segments, segment.header.baseSequence);
    return this.#segments[at + 1];
  }
}

/** @throws PalateError SEQUENCE_UNAVAILABLE where the journal does not go back, or has not come, that far. */
export function assertCovered(afterSequence: number, firstSequence: number, lastSequence: number): void {
  const wanted = Number.isSafeInteger(afterSequence) && afterSequence >= firstSequence - 1;
  if (wanted && afterSequence <= lastSequence) return;
  throw new PalateError(
    'SEQUENCE_UNAVAILABLE',
    `the journal holds sequences ${firstSequence} to ${lastSequence}; asked for those after ${afterSequence}`,
    { metadata: { firstSequence: String(firstSequence), lastSequence: String(lastSequence) } },
  );
}
