import { PalateError } from '../errors.ts';
import { byteTarget, readInt64, writeInt64 } from './byte-target.ts';
import { checksum } from './checksum.ts';

/** The first 96 bytes of a segment file, and its name. */

/** The version of the format that this code writes, and the newest that it reads. */
export const formatVersion = 1;
export const segmentHeaderBytes = 96;
const checksumAt = 92;
/** Like PNG's: a line end shows where a transfer took the file for text. */
const magic = new Uint8Array([0x50, 0x41, 0x4c, 0x41, 0x54, 0x45, 0x4a, 0x0a]);

/** What a segment says of the one before it: its end then is where it ends, whatever a failed write left after. */
export interface PreviousSegment {
  /** 0: there was none. */
  readonly baseSequence: number;
  readonly generation: number;
  /** Bytes of it that count. */
  readonly bytes: number;
  readonly lastSequence: number;
  readonly lastAppendedAtMicros: number;
}

export interface SegmentHeader {
  /** No record in the segment has a lower sequence. */
  readonly baseSequence: number;
  /** How often the segment was rewritten, counted from 1. */
  readonly generation: number;
  readonly createdAtMicros: number;
  /** Eight random bytes that start each group of this segment. */
  readonly marker: Uint8Array;
  /** Eight random bytes that all segments of one journal share. */
  readonly journalId: Uint8Array;
  readonly previous: PreviousSegment;
}

/** The header as it lies in the file. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const target = byteTarget(new Uint8Array(segmentHeaderBytes));
  const { bytes, view } = target;
  bytes.set(magic, 0);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, header.generation, true);
  writeInt64(view, 16, header.baseSequence);
  writeInt64(view, 24, header.createdAtMicros);
  bytes.set(header.marker, 32);
  bytes.set(header.journalId, 40);
  writeInt64(view, 48, header.previous.baseSequence);
  writeInt64(view, 56, header.previous.bytes);
  writeInt64(view, 64, header.previous.lastSequence);
  writeInt64(view, 72, header.previous.lastAppendedAtMicros);
  view.setUint32(80, header.previous.generation, true);
  view.setUint32(checksumAt, checksum(target, 0, checksumAt), true);
  return bytes;
}

/**
 * Reads the header of the segment file at `path`.
 * @throws PalateError JOURNAL_FORMAT where a newer version wrote it, JOURNAL_CORRUPT where it is damaged.
 */
export function decodeSegmentHeader(bytes: Uint8Array, path: string): SegmentHeader {
  const source = byteTarget(bytes);
  const { view } = source;
  if (bytes.length < segmentHeaderBytes || magic.some((byte, at) => bytes[at] !== byte)) throw damaged(path);
  const version = view.getUint32(8, true);
  if (version > formatVersion) {
    throw new PalateError(
      'JOURNAL_FORMAT',
      `${path} has format version ${version}; this version of Palate reads up to ${formatVersion}`,
    );
  }
  if (checksum(source, 0, checksumAt) !== view.getUint32(checksumAt, true)) throw damaged(path);
  return {
    baseSequence: readInt64(view, 16),
    generation: view.getUint32(12, true),
    createdAtMicros: readInt64(view, 24),
    marker: bytes.slice(32, 40),
    journalId: bytes.slice(40, 48),
    previous: {
      baseSequence: readInt64(view, 48),
      generation: view.getUint32(80, true),
      bytes: readInt64(view, 56),
      lastSequence: readInt64(view, 64),
      lastAppendedAtMicros: readInt64(view, 72),
    },
  };
}

const namePattern = /^(\d{16})-(\d{8})\.segment$/;

/** `0000000000000001-00000001.segment`: the base sequence and the generation. Names sort as their sequences do. */
export function segmentName(baseSequence: number, generation: number): string {
  return `${String(baseSequence).padStart(16, '0')}-${String(generation).padStart(8, '0')}.segment`;
}

/** The parts of a name that {@link segmentName} made; `undefined` for any other file. */
export function parseSegmentName(name: string): { baseSequence: number; generation: number } | undefined {
  const match = namePattern.exec(name);
  return match === null ? undefined : { baseSequence: Number(match[1]), generation: Number(match[2]) };
}

function damaged(path: string): PalateError {
  return new PalateError('JOURNAL_CORRUPT', `${path}: its header (offset 0) is damaged`, { metadata: { path } });
}
