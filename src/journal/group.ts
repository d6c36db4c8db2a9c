import { type ByteTarget, readInt64, writeInt64 } from './byte-target.ts';
import { checksum } from './checksum.ts';

/**
 * The header of a group: the records that one fdatasync made durable together. It begins with the segment's marker,
 * eight random bytes that no client knows: bytes in an event can't pass for a group.
 */

/** What stands before the records of a group. */
export interface GroupHeader {
  /** Bytes of the records that follow. */
  readonly payloadBytes: number;
  /** How many records follow; 0 in a commit marker. */
  readonly count: number;
  /** Of the first record; in a commit marker the next sequence at that time. */
  readonly firstSequence: number;
  /** Of the last record; in a commit marker one less than `firstSequence`. */
  readonly lastSequence: number;
  /** Of the last record; in a commit marker that of the last record before it. */
  readonly appendedAtMicros: number;
  /** All bytes before this group were durable when it was written. Not so with durability 'os'. */
  readonly proves: boolean;
}

export const groupHeaderBytes = 48;
export const markerBytes = 8;
const checksumAt = 44;
const provesFlag = 1;

/** Writes a header at `at`; the target must have the room. */
export function encodeGroupHeader(target: ByteTarget, at: number, marker: Uint8Array, header: GroupHeader): void {
  const { bytes, view } = target;
  bytes.set(marker, at);
  view.setUint32(at + 8, header.payloadBytes, true);
  view.setUint32(at + 12, header.count, true);
  writeInt64(view, at + 16, header.firstSequence);
  writeInt64(view, at + 24, header.lastSequence);
  writeInt64(view, at + 32, header.appendedAtMicros);
  view.setUint32(at + 40, header.proves ? provesFlag : 0, true);
  view.setUint32(at + checksumAt, checksum(target, at, at + checksumAt), true);
}

/** Reads the header at `at`, where 48 bytes are there. `undefined` where it is none, or not as it was written. */
export function decodeGroupHeader(source: ByteTarget, at: number, marker: Uint8Array): GroupHeader | undefined {
  const { bytes, view } = source;
  for (let i = 0; i < markerBytes; i++) if (bytes[at + i] !== marker[i]) return undefined;
  if (checksum(source, at, at + checksumAt) !== view.getUint32(at + checksumAt, true)) return undefined;
  return {
    payloadBytes: view.getUint32(at + 8, true),
    count: view.getUint32(at + 12, true),
    firstSequence: readInt64(view, at + 16),
    lastSequence: readInt64(view, at + 24),
    appendedAtMicros: readInt64(view, at + 32),
    proves: (view.getUint32(at + 40, true) & provesFlag) !== 0,
  };
}
