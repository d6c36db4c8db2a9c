/**
 * Reading protobuf's wire format in place, without making objects.
 * Format: https://protobuf.dev/programming-guides/encoding/
 */

import { PalateError } from '../errors.ts';

/** The wire types that are still in use, and the two of groups, which are skipped whole. */
export const wireTypes = { VARINT: 0, I64: 1, LEN: 2, START_GROUP: 3, END_GROUP: 4, I32: 5 } as const;

/** Groups may be nested; deeper than this they are taken for an attack. protobuf implementations use 100. */
const maxGroupDepth = 100;

/** A place in a message, moved on by the functions below. Reuse one for many messages. */
export interface WireCursor {
  bytes: Uint8Array;
  position: number;
  end: number;
}

export function cursorOver(bytes: Uint8Array): WireCursor {
  return { bytes, position: 0, end: bytes.length };
}

/**
 * Reads a varint of at most 10 bytes as a number of its lower 53 bits, which is enough for tags and lengths.
 * Throws MALFORMED_MESSAGE at the end of the message or after 10 bytes.
 */
export function readVarint(cursor: WireCursor): number {
  const { bytes, end } = cursor;
  let position = cursor.position;
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count++) {
    if (position >= end) throw truncated();
    const byte = bytes[position++]!;
    if (count < 7) value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) {
      cursor.position = position;
      return value;
    }
  }
  throw new PalateError('MALFORMED_MESSAGE', 'a varint is longer than 10 bytes');
}

/** Reads the length of a LEN field and checks that so many bytes are there. The cursor stands at the first of them. */
export function readLength(cursor: WireCursor): number {
  const length = readVarint(cursor);
  if (length > cursor.end - cursor.position) throw truncated();
  return length;
}

/** Moves past the value of a field whose tag was just read. */
export function skipValue(cursor: WireCursor, tag: number, depth = 0): void {
  switch (tag & 7) {
    case wireTypes.VARINT:
      readVarint(cursor);
      return;
    case wireTypes.I64:
      advance(cursor, 8);
      return;
    case wireTypes.LEN:
      advance(cursor, readLength(cursor));
      return;
    case wireTypes.I32:
      advance(cursor, 4);
      return;
    case wireTypes.START_GROUP:
      skipGroup(cursor, fieldNumber(tag), depth + 1);
      return;
    default:
      throw new PalateError('MALFORMED_MESSAGE', `wire type ${tag & 7} has no place at byte ${cursor.position}`);
  }
}

/** The field number of a tag. Tags go up to 2^32, which `>>>` keeps whole. */
export function fieldNumber(tag: number): number {
  return tag >>> 3;
}

function skipGroup(cursor: WireCursor, number: number, depth: number): void {
  if (depth > maxGroupDepth) throw new PalateError('MALFORMED_MESSAGE', 'groups are nested too deep');
  while (true) {
    const tag = readVarint(cursor);
    if ((tag & 7) !== wireTypes.END_GROUP) {
      skipValue(cursor, tag, depth);
    } else if (fieldNumber(tag) === number) {
      return;
    } else {
      throw new PalateError('MALFORMED_MESSAGE', 'a group ends that did not begin');
    }
  }
}

function advance(cursor: WireCursor, count: number): void {
  if (count > cursor.end - cursor.position) throw truncated();
  cursor.position += count;
}

function truncated(): PalateError {
  return new PalateError('MALFORMED_MESSAGE', 'the message ends in the middle of a field');
}
