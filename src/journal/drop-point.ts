import type { Disk } from './disk.ts';
import { realDisk } from './real-disk.ts';
import { readSegment, sortSegmentNames } from './segment-list.ts';

/** How much of a journal is wanted. */
export interface RetentionBounds {
  /** Records that the journal took before this may go. */
  readonly keepSinceMicros?: number | undefined;
  /** The oldest segments may go while there are more bytes than these. */
  readonly maxBytes?: number | undefined;
}

/**
 * The first sequence that the bounds want to keep, for `Journal.dropBefore`: that of the first segment which stays. The last
 * one always does.
 */
export async function dropPoint(folder: string, bounds: RetentionBounds, disk: Disk = realDisk): Promise<number> {
  const { keepSinceMicros = Number.NEGATIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = bounds;
  const names = sortSegmentNames(await disk.list(folder)).current;
  const segments = await Promise.all(names.map((name) => readSegment(disk, folder, name)));
  let bytes = segments.reduce((sum, { durableBytes }) => sum + durableBytes, 0);
  let first = 0;
  while (first < segments.length - 1) {
    const { lastAppendedAtMicros } = segments[first + 1]!.header.previous;
    if (lastAppendedAtMicros >= keepSinceMicros && bytes <= maxBytes) break;
    bytes -= segments[first]!.durableBytes;
    first += 1;
  }
  return segments[first]?.header.baseSequence ?? 0;
}
