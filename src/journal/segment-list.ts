import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { corrupt, newSegment, type Segment } from './segment.ts';
import { decodeSegmentHeader, parseSegmentName, type SegmentHeader, segmentHeaderBytes } from './segment-header.ts';

/** From the names in a folder to the segments of a journal. */

/** The suffix of a segment that is being made; without it, its header is durable. */
export const unfinished = '.new';

/** The names of segments, in order: those that hold, and those that a newer generation has taken the place of. */
export interface SegmentNames {
  readonly current: readonly string[];
  readonly superseded: readonly string[];
}

/** Of two generations of one segment the newer one holds: the older was about to be removed. */
export function sortSegmentNames(names: readonly string[]): SegmentNames {
  const current: string[] = [];
  const superseded: string[] = [];
  for (const name of names.filter((each) => parseSegmentName(each) !== undefined).sort()) {
    const before = current.at(-1);
    if (before !== undefined && parseSegmentName(before)?.baseSequence === parseSegmentName(name)?.baseSequence) {
      current.pop();
      superseded.push(before);
    }
    current.push(name);
  }
  return { current, superseded };
}

/**
 * Reads the header of a segment. Its `durableBytes` is the size of the file.
 * @throws PalateError JOURNAL_CORRUPT, JOURNAL_FORMAT; what the disk throws.
 */
export async function readSegment(disk: Disk, folder: string, name: string): Promise<Segment> {
  const path = join(folder, name);
  const file = await disk.open(path, 'read');
  try {
    const head = new Uint8Array(segmentHeaderBytes);
    const header = decodeSegmentHeader(head.subarray(0, await file.read(head, 0)), path);
    checkName(name, path, header);
    return newSegment(path, header, await file.size());
  } finally {
    await file.close();
  }
}

function checkName(name: string, path: string, header: SegmentHeader): void {
  const named = parseSegmentName(name);
  if (named?.baseSequence === header.baseSequence && named.generation === header.generation) return;
  throw corrupt(path, 0, header.baseSequence, 'the header belongs to another segment than the name');
}

/**
 * Where `before`, a file of `size` bytes, ends, as `segment` says. Each segment says which one came before it and where
 * that one ended: a missing or shortened one is found. A rewritten one ends with its file.
 * @throws PalateError JOURNAL_CORRUPT
 */
export function endToldBy(segment: Segment, before: Segment, size: number): number {
  const { previous, journalId, baseSequence } = segment.header;
  if (Buffer.compare(journalId, before.header.journalId) !== 0) {
    throw corrupt(segment.path, 0, baseSequence, 'the segment belongs to another journal');
  }
  if (previous.baseSequence !== before.header.baseSequence) {
    throw corrupt(segment.path, 0, previous.baseSequence, 'the segment before this one is missing');
  }
  if (previous.generation !== before.header.generation) return size;
  if (size >= previous.bytes) return previous.bytes;
  throw corrupt(before.path, size, previous.lastSequence, `the file ends before its end at ${previous.bytes}`);
}
