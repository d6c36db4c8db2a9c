import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import type { JournalLog } from './journal.ts';
import { type Segment, segmentIndexOf } from './segment.ts';
import { assertComplete, segmentCursor } from './segment-cursor.ts';
import { parseSegmentName } from './segment-header.ts';
import { endToldBy, readSegment, sortSegmentNames, unfinished } from './segment-list.ts';
import { removeInOrder } from './segment-removal.ts';
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

/**
 * Reads the header of every segment, and the last segment whole; earlier ones are checked as they are read. `undefined`
 * for a folder without a journal.
 * @throws PalateError JOURNAL_CORRUPT, JOURNAL_FORMAT
 */
export async function recover(disk: Disk, folder: string, log: JournalLog): Promise<Recovered | undefined> {
  const { current, superseded } = sortSegmentNames(await cleanList(disk, folder));
  const segments: Segment[] = [];
  for (const name of current) segments.push(await readSegment(disk, folder, name));
  const last = segments.at(-1);
  if (last === undefined) return undefined;
  for (let at = 1; at < segments.length; at++) {
    const before = segments[at - 1]!;
    before.durableBytes = endToldBy(segments[at]!, before, before.durableBytes);
  }
  const file = await disk.open(last.path, 'write');
  try {
    const tail = await settleTail(file, last, log);
    await finishRewrites(disk, folder, segments, superseded, log);
    return { segments, file, ...tail };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * A crash came between a segment's new generation and the end of the old one: the old one goes now. Before, the new one
 * is read whole: it is all that will be left.
 */
async function finishRewrites(
  disk: Disk,
  folder: string,
  segments: readonly Segment[],
  superseded: readonly string[],
  log: JournalLog,
): Promise<void> {
  for (const name of superseded) {
    const { baseSequence } = parseSegmentName(name)!;
    const at = segmentIndexOf(segments, baseSequence);
    const cursor = segmentCursor(disk, segments[at]!);
    try {
      while ((await cursor.next()).length > 0);
      assertComplete(segments[at]!, segments[at + 1], cursor);
    } finally {
      await cursor.close();
    }
    log.warn({ segment: name }, 'journal: an older generation of a segment is removed: its rewrite had been cut short');
  }
  await removeInOrder(disk, folder, superseded);
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
