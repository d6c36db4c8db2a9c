/** Event ids as 128 bits: UUIDs (RFC 9562), compared without case. */

import { cursorOver, fieldNumber, readLength, readVarint, skipValue, wireTypes } from './wire.ts';

/** Where the four words of an id go, so that none is allocated per event. */
export type EventIdWords = Uint32Array;

const eventIdField = 1;
const dash = 0x2d;

/** Value of each hexadecimal digit by its character code; 255 for everything else. */
const digitValues = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  digitValues[value.toString(16).charCodeAt(0)] = value;
  digitValues[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` into four words. False when the text is no UUID. */
export function parseEventId(text: string, words: EventIdWords): boolean {
  if (text.length !== 36) return false;
  return parseDigits((index) => text.charCodeAt(index), words);
}

/**
 * Reads the `event_id` of an `Event` in wire form without decoding the rest. False when it has none, or one that is no
 * UUID. As protobuf has it, the last of several counts.
 */
export function readEventId(event: Uint8Array, words: EventIdWords): boolean {
  const cursor = cursorOver(event);
  let found = false;
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) !== eventIdField || (tag & 7) !== wireTypes.LEN) {
      skipValue(cursor, tag);
      continue;
    }
    const length = readLength(cursor);
    const start = cursor.position;
    found = length === 36 && parseDigits((index) => event[start + index]!, words);
    cursor.position += length;
  }
  return found;
}

/** As `parseEventId`, of the text from `from` to before `to`. */
export function parseEventIdIn(bytes: Uint8Array, from: number, to: number, words: EventIdWords): boolean {
  if (to - from !== 36) return false;
  let word = 0;
  let digits = 0;
  for (let index = 0; index < 36; index++) {
    const code = bytes[from + index]!;
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== dash) return false;
      continue;
    }
    const value = digitValues[code]!;
    if (value === 255) return false;
    word = (word << 4) | value;
    digits++;
    if ((digits & 7) === 0) words[(digits >> 3) - 1] = word;
  }
  return true;
}

const unused = new Uint32Array(4);

/** Whether the text from `from` to before `to` is one. */
export function isEventId(bytes: Uint8Array, from: number, to: number): boolean {
  return parseEventIdIn(bytes, from, to, unused);
}

function parseDigits(codeAt: (index: number) => number, words: EventIdWords): boolean {
  let word = 0;
  let digits = 0;
  for (let index = 0; index < 36; index++) {
    const code = codeAt(index);
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (code !== dash) return false;
      continue;
    }
    const value = digitValues[code & 0xff]!;
    if (value === 255 || code > 0xff) return false;
    word = (word << 4) | value;
    digits++;
    if (digits % 8 === 0) words[digits / 8 - 1] = word;
  }
  return true;
}
