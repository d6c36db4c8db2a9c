/** Reads from an event's bytes whether it is about a photo, and whose and which, without decoding the rest. */

import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { MealScoredSchema } from '../../../gen/palate/event/v1/meal_pb.ts';
import { isPalateError } from '../../errors.ts';
import { fieldNumber, readLength, readVarint, skipValue, type WireCursor, wireTypes } from '../../events/wire.ts';

const { field } = EventSchema;
const payloadNumbers = new Set(EventSchema.fields.filter((one) => one.oneof !== undefined).map(({ number }) => number));
const imageNumber = MealScoredSchema.field.imageId.number;
const hashNumber = MealScoredSchema.field.sha256.number;

/** What the scorer wants to know of in a journal. */
export type MealPayload = 'scored' | 'reviewed' | 'erased';

const wanted: ReadonlyMap<number, MealPayload> = new Map([
  [field.mealScored.number, 'scored'],
  [field.mealReviewed.number, 'reviewed'],
  [field.userErased.number, 'erased'],
]);

/** Whose photo an event is about, and which. */
export interface MealIds {
  readonly userId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  /** In lower case. */
  readonly imageId: string;
  /** '' of a `MealReviewed`. */
  readonly sha256: string;
}

const cursor: WireCursor = { bytes: new Uint8Array(0), position: 0, end: 0 };

/**
 * Which of these an event is; undefined: another one, or none. As protobuf has it, the last payload counts.
 * Of millions of events nearly all are others: it looks at the tags and lengths of the fields only.
 */
export function mealPayloadOf(bytes: Uint8Array, from = 0, to = bytes.length): MealPayload | undefined {
  let payload = 0;
  begin(bytes, from, to);
  try {
    while (cursor.position < to) {
      const tag = readVarint(cursor);
      const number = fieldNumber(tag);
      if (payloadNumbers.has(number)) payload = number;
      skipValue(cursor, tag);
    }
  } catch (error) {
    if (isPalateError(error)) return undefined;
    throw error;
  }
  return wanted.get(payload);
}

/** Of an event for which `mealPayloadOf` said `scored` or `reviewed`. */
export function mealIdsOf(bytes: Uint8Array, from = 0, to = bytes.length): MealIds {
  const ids = { userId: '', visitorId: '', sessionId: '', imageId: '', sha256: '' };
  let payload = 0;
  begin(bytes, from, to);
  while (cursor.position < to) {
    const tag = readVarint(cursor);
    const number = fieldNumber(tag);
    if ((tag & 7) !== wireTypes.LEN) skipValue(cursor, tag);
    else if (number === field.userId.number) ids.userId = readText();
    else if (number === field.visitorId.number) ids.visitorId = readText();
    else if (number === field.sessionId.number) ids.sessionId = readText();
    else if (payloadNumbers.has(number)) {
      // One of the same type again is merged into the one before, another takes its place.
      if (number !== payload) Object.assign(ids, { imageId: '', sha256: '' });
      payload = number;
      readPhoto(ids, wanted.get(number) === 'scored');
    } else skipValue(cursor, tag);
  }
  return ids;
}

function readPhoto(ids: { imageId: string; sha256: string }, hasHash: boolean): void {
  const outerEnd = cursor.end;
  const end = readLength(cursor) + cursor.position;
  cursor.end = end;
  while (cursor.position < end) {
    const tag = readVarint(cursor);
    const number = fieldNumber(tag);
    if ((tag & 7) === wireTypes.LEN && number === imageNumber) ids.imageId = readText().toLowerCase();
    else if (hasHash && (tag & 7) === wireTypes.LEN && number === hashNumber) ids.sha256 = readText();
    else skipValue(cursor, tag);
  }
  cursor.end = outerEnd;
}

function begin(bytes: Uint8Array, from: number, to: number): void {
  cursor.bytes = bytes;
  cursor.position = from;
  cursor.end = to;
}

function readText(): string {
  const length = readLength(cursor);
  const { bytes, position } = cursor;
  cursor.position += length;
  return Buffer.from(bytes.buffer, bytes.byteOffset + position, length).toString();
}
