import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ByteTarget, byteTarget } from './byte-target.ts';
import type { Disk, DiskFile } from './disk.ts';
import { encodeGroupHeader, groupHeaderBytes } from './group.ts';
import { encodeRecord, encodeTenant, type JournalRecord, recordHeaderBytes } from './record.ts';
import { newSegment, type Segment } from './segment.ts';
import { assertComplete, segmentCursor } from './segment-cursor.ts';
import { encodeSegmentHeader, type SegmentHeader, segmentName } from './segment-header.ts';
import { unfinished } from './segment-list.ts';
import type { Limits } from './segment-walk.ts';
import type { Slices } from './slices.ts';

/** Writes a sealed segment anew, with tombstones in place of some records. */

export interface RewritePlan {
  readonly disk: Disk;
  readonly folder: string;
  /** Of the segment that is made. */
  readonly header: SegmentHeader;
  /** As it is, and the one behind it. */
  readonly segment: Segment;
  readonly following: Segment;
  readonly limits: Limits;
  readonly erase: (record: JournalRecord) => boolean;
  readonly slices: Slices;
}

const firstBufferBytes = 1_048_576;
const noBytes = new Uint8Array(0);
const tombstone = { kind: 'tombstone', trace: noBytes, event: noBytes } as const;

/** The header of a segment's next generation. `before` is the segment that stands before it now. */
export function nextHeader(
  { header }: Segment,
  before: Segment | undefined,
  generation: number,
  createdAtMicros: number,
): SegmentHeader {
  const marker = randomBytes(8);
  if (before === undefined) return { ...header, generation, createdAtMicros, marker };
  const { header: link, durableBytes: bytes } = before;
  const previous = { ...header.previous, baseSequence: link.baseSequence, generation: link.generation, bytes };
  return { ...header, generation, createdAtMicros, marker, previous };
}

/**
 * Writes the file under its unfinished name, syncs it, and gives it its name: at a crash it is there whole or not at
 * all. What fails is thrown as it is, and leaves the unfinished file.
 */
export async function writeAnew(plan: RewritePlan): Promise<{ anew: Segment; erased: number }> {
  const { disk, folder, header } = plan;
  const path = join(folder, segmentName(header.baseSequence, header.generation));
  const file = await disk.open(path + unfinished, 'create');
  const anew = newSegment(path, header);
  let erased = 0;
  try {
    await file.write(encodeSegmentHeader(header), 0);
    erased = await copyRecords(plan, file, anew);
    await file.datasync();
  } finally {
    await file.close();
  }
  await disk.rename(path + unfinished, path);
  await disk.syncFolder(folder);
  return { anew, erased };
}

/** Each batch of the cursor becomes a group. All of them prove: the file has its name only once it is durable whole. */
async function copyRecords(plan: RewritePlan, file: DiskFile, anew: Segment): Promise<number> {
  const { disk, segment, following, erase, slices, limits } = plan;
  const cursor = segmentCursor(disk, segment, limits);
  let target = byteTarget(new Uint8Array(firstBufferBytes));
  let erased = 0;
  try {
    for (let records = await cursor.next(); records.length > 0; records = await cursor.next()) {
      const size = groupBytes(records);
      if (size > target.bytes.length) target = byteTarget(new Uint8Array(size));
      const group = encodeGroup(target, anew.header.marker, records, erase);
      await file.write(target.bytes.subarray(0, group.length), anew.durableBytes);
      anew.index.add(records[0]!.sequence, anew.durableBytes);
      anew.durableBytes += group.length;
      erased += group.erased;
      await slices.giveWay();
    }
    assertComplete(segment, following, cursor);
    return erased;
  } finally {
    await cursor.close();
  }
}

/** What records take in a group, at most. */
function groupBytes(records: readonly JournalRecord[]): number {
  return records.reduce(
    (bytes, { tenant, trace, event }) => bytes + recordHeaderBytes + tenant.length + trace.length + event.length,
    groupHeaderBytes,
  );
}

function encodeGroup(
  target: ByteTarget,
  marker: Uint8Array,
  records: readonly JournalRecord[],
  erase: (record: JournalRecord) => boolean,
): { length: number; erased: number } {
  const firstSequence = records[0]!.sequence;
  const { sequence: lastSequence, appendedAtMicros } = records.at(-1)!;
  let length = groupHeaderBytes;
  let erased = 0;
  for (const record of records) {
    const isErased = record.kind === 'event' && erase(record);
    if (isErased) erased++;
    const { event, trace, kind } = isErased ? tombstone : record;
    const head = { appendedAtMicros: record.appendedAtMicros, kind, tenant: encodeTenant(record.tenant), trace };
    length = encodeRecord(target, length, record.sequence - firstSequence, head, event);
  }
  const facts = { count: records.length, firstSequence, lastSequence, appendedAtMicros, proves: true };
  encodeGroupHeader(target, 0, marker, { ...facts, payloadBytes: length - groupHeaderBytes });
  return { length, erased };
}
