import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import type { JournalLog } from './journal.ts';
import { corrupt, newSegment, type Segment } from './segment.ts';
import { decodeSegmentHeader, parseSegmentName, type SegmentHeader, segmentHeaderBytes } from './segment-header.ts';
import { settleTail } from './tail.ts';

/** What was found in a folder, with the last segment open for writing. */
export interface Recovered {
  readonly segments: Segment[];
  readonly file: DiskFile;
  readonly lastSequence: number;
  readonly lastAppendedAtMicros: number;
  /** A commit marker stands at the end: nothing is left to be proven. */
  readonly proven: boolean;
}

/** The suffix of a segment that is being made; without it, its header is durable. */
export const unfinished = '.new';

/**
 * Reads the header of every segment, and the last segment whole; earlier ones are checked as they are read. `undefined`
 * for a folder without a journal.
 * @throws PalateError JOURNAL_CORRUPT, JOURNAL_FORMAT
 */
export async function recover(disk: Disk, folder: string, log: JournalLog): Promise<Recovered | undefined> {
  const segments = await readHeaders(disk, folder, log);
  const last = segments.at(-1);
  if (last === undefined) return undefined;
  for (let at = 1; at < segments.length; at++) checkLink(segments[at - 1]!, segments[at]!);
  const file = await disk.open(last.path, 'write');
  try {
    return { segments, file, ...(await settleTail(file, last, log)) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeaders(disk: Disk, folder: string, log: JournalLog): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of newestGenerations(await cleanList(disk, folder), log)) {
    const path = join(folder, name);
    const file = await disk.open(path, 'read');
    try {
      const head = new Uint8Array(segmentHeaderBytes);
      const header = decodeSegmentHeader(head.subarray(0, await file.read(head, 0)), path);
      checkName(name, path, header);
      segments.push(newSegment(path, header, await file.size()));
    } finally {
      await file.close();
    }
  }
  return segments;
}

/** The names in the folder, less segments that were never finished: those are removed. */
async function cleanList(disk: Disk, folder: string): Promise<string[]> {
  const kept: string[] = [];
  for (const name of await disk.list(folder)) {
    const finished = name.endsWith(unfinished) ? name.slice(0, -unfinished.length) : undefined;
    if (finished === undefined) kept.push(name);
    else if (parseSegmentName(finished) !== undefined) await disk.remove(join(folder, name));
  }
  return kept;
}

/** Of two generations of one segment the newer one holds: the older was about to be removed. */
function newestGenerations(names: readonly string[], log: JournalLog): string[] {
  const kept: string[] = [];
  for (const name of names.filter((each) => parseSegmentName(each) !== undefined).sort()) {
    const before = kept.at(-1);
    const replaces =
      before !== undefined && parseSegmentName(before)?.baseSequence === parseSegmentName(name)?.baseSequence;
    if (replaces) {
      kept.pop();
      log.warn({ segment: before }, 'journal: an older generation of a segment is left aside');
    }
    kept.push(name);
  }
  return kept;
}

function checkName(name: string, path: string, header: SegmentHeader): void {
  const named = parseSegmentName(name);
  if (named?.baseSequence === header.baseSequence && named.generation === header.generation) return;
  throw corrupt(path, 0, header.baseSequence, 'the header belongs to another segment than the name');
}

/** Each segment says which one came before it, and where that one ended: a missing or shortened one is found. */
function checkLink(before: Segment, segment: Segment): void {
  const { previous, journalId, baseSequence } = segment.header;
  if (Buffer.compare(journalId, before.header.journalId) !== 0) {
    throw corrupt(segment.path, 0, baseSequence, 'the segment belongs to another journal');
  }
  if (previous.baseSequence !== before.header.baseSequence) {
    throw corrupt(segment.path, 0, previous.baseSequence, 'the segment before this one is missing');
  }
  if (previous.generation !== before.header.generation) return;
  if (before.durableBytes < previous.bytes) {
    const sequence = previous.lastSequence;
    throw corrupt(before.path, before.durableBytes, sequence, `the file ends before its end at ${previous.bytes}`);
  }
  before.durableBytes = previous.bytes;
}
