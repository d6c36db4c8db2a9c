import type { DiskFile } from './disk.ts';
import { decodeGroupHeader, groupHeaderBytes } from './group.ts';
import { corrupt, type Segment } from './segment.ts';
import { segmentHeaderBytes } from './segment-header.ts';
import { Damage, type PlacedGroup, SegmentWalk } from './segment-walk.ts';
import { groupAfter } from './tail.ts';
import { Window } from './window.ts';

/**
 * Where the last segment ends, as far as its file tells: for a reader that does not own it.
 *
 * A group is written only when the one before it is durable (with durability 'os': written). So of a chain of groups all
 * but the last are as durable as the journal promises. The last one counts where it is a commit marker, or where it
 * does not prove anything: then it was written with durability 'os' and counts from its write on. Else it may be in the
 * middle of its fdatasync: it is whole, not yet proven, and 50 ms after the last append a commit marker settles it.
 */
export interface FileEnd {
  /** What counts, in bytes. */
  readonly provenBytes: number;
  readonly lastSequence: number;
  readonly lastAppendedAtMicros: number;
  /** What counts, and the whole group behind it that nothing proves yet. */
  readonly wholeBytes: number;
  readonly wholeSequence: number;
}

const seekBytes = 65_536;
const limits = { maxBytes: 4_194_304, maxRecords: 65_536 };

/** The end of a segment in which nothing was read yet. */
export function emptyEnd({ header: { previous } }: Segment): FileEnd {
  const { lastSequence, lastAppendedAtMicros } = previous;
  const [provenBytes, wholeBytes] = [segmentHeaderBytes, segmentHeaderBytes];
  return { provenBytes, lastSequence, lastAppendedAtMicros, wholeBytes, wholeSequence: lastSequence };
}

/**
 * The end as it is now. `before` is where it was when somebody last looked.
 * @throws PalateError JOURNAL_CORRUPT where a place is damaged that had been durable.
 */
export async function findEnd(file: DiskFile, segment: Segment, before: FileEnd): Promise<FileEnd> {
  const first = await followGroups(file, segment, before);
  const size = await file.size();
  if (first.strayAt >= size) return first.end;
  const later = await groupAfter(file, segment, first.strayAt + 1, size);
  if (later === undefined || !later.header.proves) return first.end;
  // It may have been half written when we saw it, and finished since. Now that a later group is there, it no longer is.
  const second = await followGroups(file, segment, first.end);
  if (second.strayAt > later.start) return second.end;
  const sequence = second.end.wholeSequence + 1;
  throw corrupt(segment.path, second.strayAt, sequence, 'no whole group is here, and one that came later is');
}

/** Goes from header to header. `strayAt`: where no whole group starts. */
async function followGroups(
  file: DiskFile,
  segment: Segment,
  before: FileEnd,
): Promise<{ end: FileEnd; strayAt: number }> {
  const window = new Window(file);
  const size = await file.size();
  let [proven, last]: (PlacedGroup | undefined)[] = [];
  let at = before.provenBytes;
  while (await window.load(at, groupHeaderBytes, seekBytes, size)) {
    const header = decodeGroupHeader(window.target, window.at(at), segment.header.marker);
    if (header === undefined) break;
    proven = last;
    last = { header, start: at };
    at += groupHeaderBytes + header.payloadBytes;
  }
  if (last === undefined) return { end: before, strayAt: at };
  if (!(await isWhole(file, segment, last))) return { end: endBehind(proven, proven, before), strayAt: last.start };
  const counts = last.header.count === 0 || !last.header.proves;
  return { end: endBehind(counts ? last : proven, last, before), strayAt: at };
}

function endBehind(proven: PlacedGroup | undefined, whole: PlacedGroup | undefined, before: FileEnd): FileEnd {
  const provenBytes = endOf(proven) ?? before.provenBytes;
  const lastSequence = proven?.header.lastSequence ?? before.lastSequence;
  return {
    provenBytes,
    lastSequence,
    lastAppendedAtMicros: proven?.header.appendedAtMicros ?? before.lastAppendedAtMicros,
    wholeBytes: endOf(whole) ?? provenBytes,
    wholeSequence: whole?.header.lastSequence ?? lastSequence,
  };
}

function endOf(group: PlacedGroup | undefined): number | undefined {
  return group === undefined ? undefined : group.start + groupHeaderBytes + group.header.payloadBytes;
}

/** The last group may be in the middle of being written: it counts as there when all its records are right. */
async function isWhole(file: DiskFile, segment: Segment, group: PlacedGroup): Promise<boolean> {
  const end = group.start + groupHeaderBytes + group.header.payloadBytes;
  if (end > (await file.size())) return false;
  const walk = new SegmentWalk(file, segment, group.start);
  try {
    while (walk.position < end) await walk.next(end, 0, limits);
    return true;
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }
}
