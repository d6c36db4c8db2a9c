/** Event ids as 128 bits: UUIDs (RFC 9562), compared without case. */

import { cursorOver, fieldNumber, readLength, readVarint, skipValue, wireTypes } from './wire.ts';

/** Where the four words of an id go, so that none is allocated per event. */
export type EventIdWords = Uint32Array;

const eventIdField = 1;
const dash = 0x2d;

/** Value of each hexadecimal digit by its character code; -1 for everything else. */
const digitValues = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  digitValues[value.toString(16).charCodeAt(0)] = value;
  digitValues[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` into four words from `at` on. False when the text is no UUID. */
export function parseEventId(text: string, words: EventIdWords, at = 0): boolean {
  if (text.length !== 36) return false;
  return parseDigits((index) => text.charCodeAt(index), words, at);
}

const cursor = cursorOver(new Uint8Array(0));

/**
 * Reads the `event_id` of the `Event` from `from` to before `to`, in wire form, without decoding the rest, into words from
 * `at` on. False when it has none, or one that is no UUID. As protobuf has it, the last of several counts.
 */
export function readEventId(bytes: Uint8Array, words: EventIdWords, at = 0, from = 0, to = bytes.length): boolean {
  cursor.bytes = bytes;
  cursor.position = from;
  cursor.end = to;
  let found = false;
  while (cursor.position < to) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) !== eventIdField || (tag & 7) !== wireTypes.LEN) {
      skipValue(cursor, tag);
      continue;
    }
    const end = readLength(cursor) + cursor.position;
    found = parseEventIdIn(bytes, cursor.position, end, words, at);
    cursor.position = end;
  }
  return found;
}

/** As `parseEventId`, of the text from `from` to before `to`. The words go to `words` from `at` on. */
export function parseEventIdIn(bytes: Uint8Array, from: number, to: number, words: EventIdWords, at = 0): boolean {
  if (to - from !== 36) return false;
  const dashes = bytes[from + 8]! & bytes[from + 13]! & bytes[from + 18]! & bytes[from + 23]!;
  const others = bytes[from + 8]! | bytes[from + 13]! | bytes[from + 18]! | bytes[from + 23]!;
  const a = fourDigits(bytes, from);
  const b = fourDigits(bytes, from + 4);
  const c = fourDigits(bytes, from + 9);
  const d = fourDigits(bytes, from + 14);
  const e = fourDigits(bytes, from + 19);
  const f = fourDigits(bytes, from + 24);
  const g = fourDigits(bytes, from + 28);
  const h = fourDigits(bytes, from + 32);
  words[at] = (a << 16) | b;
  words[at + 1] = (c << 16) | d;
  words[at + 2] = (e << 16) | f;
  words[at + 3] = (g << 16) | h;
  return dashes === dash && others === dash && (a | b | c | d | e | f | g | h) >= 0;
}

/** Below 0 where one of them is no digit. */
function fourDigits(bytes: Uint8Array, from: number): number {
  return (
    (digitValues[bytes[from]!]! << 12) |
    (digitValues[bytes[from + 1]!]! << 8) |
    (digitValues[bytes[from + 2]!]! << 4) |
    digitValues[bytes[from + 3]!]!
  );
}

const unused = new Uint32Array(4);

/** Whether the text from `from` to before `to` is one. */
export function isEventId(bytes: Uint8Array, from: number, to: number): boolean {
  return parseEventIdIn(bytes, from, to, unused);
}

function parseDigits(codeAt: (index: number) => number, words: EventIdWords, at: number): boolean {
  let word = 0;
  let digits = 0;
  for (let index = 0; index < 36; index++) {
    const code = codeAt(index);
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== dash) return false;
      continue;
    }
    const value = digitValues[code & 0xff]!;
    if (value < 0 || code > 0xff) return false;
    word = (word << 4) | value;
    digits++;
    if (digits % 8 === 0) words[at + digits / 8 - 1] = word;
  }
  return true;
}
