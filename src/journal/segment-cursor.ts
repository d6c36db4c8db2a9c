import { Cursor } from './cursor.ts';
import type { Disk } from './disk.ts';
import { corrupt, type Segment } from './segment.ts';
import type { Limits } from './segment-walk.ts';

/** A cursor over all records of one sealed segment. */
export function segmentCursor(disk: Disk, segment: Segment, limits: Partial<Limits> = {}): Cursor {
  const afterSequence = segment.header.previous.lastSequence;
  return new Cursor({ disk, segments: [segment] }, { afterSequence, ...limits });
}

/**
 * Did a cursor that came to the end of `segment` see its last record, as the segment behind it knows it?
 * @throws PalateError JOURNAL_CORRUPT
 */
export function assertComplete(segment: Segment, following: Segment | undefined, { throughSequence }: Cursor): void {
  if (following === undefined || following.header.previous.lastSequence <= throughSequence) return;
  throw corrupt(segment.path, segment.durableBytes, throughSequence + 1, 'the file ends before its last record');
}
