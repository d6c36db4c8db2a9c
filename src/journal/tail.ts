import { basename } from 'node:path';
import { byteTarget } from './byte-target.ts';
import type { DiskFile } from './disk.ts';
import { decodeGroupHeader, encodeGroupHeader, type GroupHeader, groupHeaderBytes, markerBytes } from './group.ts';
import type { JournalLog } from './journal.ts';
import { corrupt, type Segment } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';
import { Damage, type PlacedGroup, SegmentWalk } from './segment-walk.ts';

/**
 * Settles how the last segment ends, when the journal is opened.
 *
 * A group is written only when the one before it is durable. So where a place is damaged and a valid group that proves
 * follows, the place had been durable: that is corruption. Where none follows, it is the tail of a write that a crash
 * cut short, which nobody was told of, and it is cut off after its last whole record.
 */

/** How a segment ends. */
export interface Tail {
  readonly lastSequence: number;
  readonly lastAppendedAtMicros: number;
  readonly proven: boolean;
}

const limits = { maxBytes: 4_194_304, maxRecords: 65_536 };
const searchBytes = 1_048_576;

/**
 * Walks through the whole segment, cuts off a torn tail, and makes what stays durable. Sets `durableBytes`.
 * @throws PalateError JOURNAL_CORRUPT
 */
export async function settleTail(file: DiskFile, segment: Segment, log: JournalLog): Promise<Tail> {
  const size = await file.size();
  const { last, damage } = await walkThrough(file, segment, size);
  if (damage !== undefined) await judge(file, segment, damage, size, log);
  await rewriteLast(file, segment, last);
  if (size > segment.durableBytes) {
    const fields = {
      segment: basename(segment.path),
      offset: segment.durableBytes,
      bytes: size - segment.durableBytes,
    };
    log.warn(fields, 'journal: cut off the tail of an unfinished write');
  }
  const { previous } = segment.header;
  const lastSequence = last?.header.lastSequence ?? previous.lastSequence;
  const lastAppendedAtMicros = last?.header.appendedAtMicros ?? previous.lastAppendedAtMicros;
  return { lastSequence, lastAppendedAtMicros, proven: last === undefined || last.header.count === 0 };
}

async function walkThrough(file: DiskFile, segment: Segment, size: number) {
  const walk = new SegmentWalk(file, segment, segmentHeaderBytes);
  try {
    while (walk.position < size || walk.group !== undefined) await walk.next(size, 0, limits);
    return { last: walk.lastGroup, damage: undefined };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    return { last: wholeRecords(walk) ?? walk.lastGroup, damage: error };
  }
}

/** The part of a torn group that can be kept: its records up to the damage. */
function wholeRecords(walk: SegmentWalk): PlacedGroup | undefined {
  const { group } = walk;
  if (group === undefined || group.read === 0) return undefined;
  const header: GroupHeader = {
    ...group.header,
    payloadBytes: walk.position - group.start - groupHeaderBytes,
    count: group.read,
    lastSequence: walk.lastSequence,
    appendedAtMicros: walk.lastAppendedAtMicros,
  };
  return { start: group.start, header };
}

/** Corruption or a torn tail? Looks for a group after the damage. */
async function judge(file: DiskFile, segment: Segment, damage: Damage, size: number, log: JournalLog): Promise<void> {
  const later = await groupAfter(file, segment, damage.offset + 1, size);
  if (later === undefined) return;
  if (later.header.proves) throw corrupt(segment.path, damage.offset, damage.sequence, damage.message);
  log.error(
    { segment: basename(segment.path), offset: damage.offset, sequence: damage.sequence, laterOffset: later.start },
    "journal: records are lost that durability 'os' had acknowledged: the disk kept later writes and not these",
  );
}

/** The first group after `from` that proves; else the first that does not; else nothing. */
export async function groupAfter(
  file: DiskFile,
  segment: Segment,
  from: number,
  size: number,
): Promise<PlacedGroup | undefined> {
  const { marker } = segment.header;
  let unproven: PlacedGroup | undefined;
  const chunk = Buffer.alloc(searchBytes + groupHeaderBytes);
  for (let start = from; start < size; start += searchBytes) {
    const target = byteTarget(chunk.subarray(0, await file.read(chunk, start)));
    for (let at = chunk.indexOf(marker); at >= 0 && at < searchBytes; at = chunk.indexOf(marker, at + markerBytes)) {
      if (at + groupHeaderBytes > target.bytes.length) break;
      const header = decodeGroupHeader(target, at, marker);
      if (header?.proves) return { start: start + at, header };
      if (header !== undefined) unproven ??= { start: start + at, header };
    }
  }
  return unproven;
}

/**
 * Writes the last group over itself and syncs. After a process died between write and fdatasync, or an fdatasync
 * failed, the kernel may hold pages that it takes for written and the disk does not have: only writing them again
 * makes the sync mean something (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
 */
async function rewriteLast(file: DiskFile, segment: Segment, last: PlacedGroup | undefined): Promise<void> {
  const start = last?.start ?? segmentHeaderBytes;
  const bytes = new Uint8Array(last === undefined ? 0 : groupHeaderBytes + last.header.payloadBytes);
  await file.read(bytes, start);
  if (last !== undefined) encodeGroupHeader(byteTarget(bytes), 0, segment.header.marker, last.header);
  segment.durableBytes = start + bytes.length;
  await file.truncate(segment.durableBytes);
  await file.write(bytes, start);
  await file.datasync();
}
