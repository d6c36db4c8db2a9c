import { basename } from 'node:path';
import { PalateError } from '../errors.ts';
import { OffsetIndex } from './offset-index.ts';
import { type SegmentHeader, segmentHeaderBytes } from './segment-header.ts';

/** A segment of an open journal, as writer and readers share it. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly index: OffsetIndex;
  /** Where what counts ends, in bytes. Readers stop here. It only grows. */
  durableBytes: number;
}

export function newSegment(path: string, header: SegmentHeader, durableBytes = segmentHeaderBytes): Segment {
  return { path, header, index: new OffsetIndex(), durableBytes };
}

/** The error for a place that is not what was written. `sequence` is the one that was expected there. */
export function corrupt(path: string, offset: number, sequence: number, what: string): PalateError {
  return new PalateError(
    'JOURNAL_CORRUPT',
    `segment ${basename(path)}, offset ${offset}, sequence ${sequence}: ${what}`,
    { metadata: { segment: basename(path), offset: String(offset), sequence: String(sequence) } },
  );
}

/** Which of `segments` holds `sequence`, or would: the last one whose base is not above it. 0 where none is. */
export function segmentIndexOf(segments: readonly Segment[], sequence: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments[middle]!.header.baseSequence <= sequence) low = middle;
    else high = middle - 1;
  }
  return low;
}
