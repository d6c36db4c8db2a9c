import type { DiskFile } from './disk.ts';
import { decodeGroupHeader, type GroupHeader, groupHeaderBytes } from './group.ts';
import { isRecord, readAppendedAt, readDelta, recordHeaderBytes, recordLength } from './record.ts';
import { BlockBuilder, type RecordBlock } from './record-block.ts';
import type { Segment } from './segment.ts';
import { Window } from './window.ts';

/** A place that is not what was written. Recovery decides what it means; for a reader it is corruption. */
export class Damage extends Error {
  readonly offset: number;
  /** The sequence that was expected there. */
  readonly sequence: number;

  constructor(offset: number, sequence: number, what: string) {
    super(what);
    this.offset = offset;
    this.sequence = sequence;
  }
}

/** How much one step may give out. */
export interface Limits {
  readonly maxBytes: number;
  readonly maxRecords: number;
}

/** A group, and where in the file it starts. */
export interface PlacedGroup {
  readonly header: GroupHeader;
  readonly start: number;
}

/** The group that a walk is in. */
export interface OpenGroup extends PlacedGroup {
  readonly end: number;
  /** Records of it that were read, and were right. */
  read: number;
}

const chunkBytes = 1_048_576;
/** While groups are passed over, so much is read at each: enough for many small ones. */
const seekBytes = 65_536;

/** Goes through one segment from a group's start, and checks every byte that it gives out. */
export class SegmentWalk {
  readonly #segment: Segment;
  readonly #window: Window;
  /** Where the next byte to be looked at lies. */
  position: number;
  group: OpenGroup | undefined;
  /** The last one that was left behind. */
  lastGroup: PlacedGroup | undefined;
  /** Of the last record seen, passed-over ones included. */
  lastSequence: number;
  lastAppendedAtMicros: number;

  constructor(file: DiskFile, segment: Segment, position: number) {
    this.#segment = segment;
    this.#window = new Window(file);
    this.position = position;
    this.lastSequence = segment.header.baseSequence - 1;
    this.lastAppendedAtMicros = segment.header.previous.lastAppendedAtMicros;
  }

  /**
   * The next records above `after`, up to the limits; undefined at `end`, which must be the end of a group.
   * @throws Damage
   */
  async next(end: number, after: number, { maxBytes, maxRecords }: Limits): Promise<RecordBlock | undefined> {
    const builder = new BlockBuilder(maxBytes, maxRecords);
    for (;;) {
      if (this.group === undefined) {
        if (this.position >= end || builder.isFull()) break;
        if (!builder.isEmpty && !this.#window.has(this.position, groupHeaderBytes)) break;
        await this.#enterGroup(end, after);
        continue;
      }
      const needed = this.#decode(builder, after);
      if (needed === 0) continue;
      // A block's bytes lie in one buffer.
      if (!builder.isEmpty) break;
      await this.#load(needed, chunkBytes, end);
    }
    return builder.take();
  }

  /** Reads the group's header, and passes over the group where all of it is at or before `after`. */
  async #enterGroup(end: number, after: number): Promise<void> {
    const start = this.position;
    await this.#load(groupHeaderBytes, after > this.lastSequence ? seekBytes : chunkBytes, end);
    const header = decodeGroupHeader(this.#window.target, this.#window.at(start), this.#segment.header.marker);
    if (header === undefined) throw this.#damage(start, 'no valid group starts here');
    if (header.firstSequence <= this.lastSequence)
      throw this.#damage(start, 'the sequences of this group are out of order');
    this.#segment.index.add(header.firstSequence, start);
    const groupEnd = start + groupHeaderBytes + header.payloadBytes;
    if (header.lastSequence <= after || header.count === 0) {
      if (groupEnd > end) throw this.#damage(start, 'the file ends within this group');
      this.position = groupEnd;
      this.lastSequence = header.lastSequence;
      this.lastAppendedAtMicros = header.appendedAtMicros;
      this.lastGroup = { header, start };
      return;
    }
    this.group = { header, start, end: groupEnd, read: 0 };
    this.position = start + groupHeaderBytes;
  }

  /**
   * Takes what the window holds of the group. Returns 0 at the group's end, else how many bytes the next record needs: they
   * are not in the window, or not in the block's limits.
   */
  #decode(builder: BlockBuilder, after: number): number {
    const group = this.group!;
    const { target } = this.#window;
    while (this.position < group.end) {
      const headerBytes = Math.min(recordHeaderBytes, group.end - this.position);
      if (!this.#window.has(this.position, headerBytes)) return headerBytes;
      const at = this.#window.at(this.position);
      const length = recordLength(target, at);
      if (length < recordHeaderBytes || length > group.end - this.position) {
        throw this.#damage(this.position, 'a record has an impossible length');
      }
      if (!this.#window.has(this.position, length) || builder.isFull(length)) return length;
      if (!isRecord(target, at, length)) throw this.#damage(this.position, 'a record has a wrong checksum');
      const sequence = group.header.firstSequence + readDelta(target, at);
      if (sequence <= this.lastSequence || sequence > group.header.lastSequence) {
        throw this.#damage(this.position, 'a record has a sequence out of order');
      }
      this.position += length;
      this.lastSequence = sequence;
      this.lastAppendedAtMicros = readAppendedAt(target, at);
      group.read++;
      if (sequence > after) builder.add(target, at, at + length, sequence);
    }
    if (group.read !== group.header.count) {
      throw this.#damage(group.start, 'the group holds another number of records than it says');
    }
    this.lastGroup = group;
    this.group = undefined;
    return 0;
  }

  async #load(bytes: number, ahead: number, end: number): Promise<void> {
    if (await this.#window.load(this.position, bytes, ahead, end)) return;
    throw this.#damage(this.position, 'the file ends here, in the middle of a group');
  }

  #damage(offset: number, what: string): Damage {
    return new Damage(offset, this.lastSequence + 1, what);
  }
}
