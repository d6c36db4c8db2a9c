/** Reads from an event's bytes whose it is, without decoding the rest. */

import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { isPalateError } from '../../errors.ts';
import { fieldNumber, readLength, readVarint, skipValue, type WireCursor, wireTypes } from '../../events/wire.ts';
import type { IdKind } from './digester.ts';

const { field } = EventSchema;
const payloadNumbers = new Set(EventSchema.fields.filter((one) => one.oneof !== undefined).map(({ number }) => number));

/** Payloads that this room looks at. */
export const payloads = {
  identityMerged: field.identityMerged.number,
  userErased: field.userErased.number,
  orderCompleted: field.orderCompleted.number,
  orderRefunded: field.orderRefunded.number,
  recommendationServed: field.recommendationServed.number,
  mealScored: field.mealScored.number,
  mealReviewed: field.mealReviewed.number,
} as const;

/** Payloads whose field 1 is the id of a thing of a person's. */
const things: ReadonlyMap<number, IdKind> = new Map([
  [field.orderCompleted.number, 'order'],
  [field.orderRefunded.number, 'order'],
  [field.recommendationServed.number, 'recommendation'],
  [field.recommendationSeen.number, 'recommendation'],
  [field.recommendationClicked.number, 'recommendation'],
  [field.mealScored.number, 'image'],
  [field.mealReviewed.number, 'image'],
]);

/** A text in the event's bytes; empty: it is not said. */
export interface Place {
  from: number;
  to: number;
}

export class RecordIds {
  readonly user: Place = { from: 0, to: 0 };
  readonly visitor: Place = { from: 0, to: 0 };
  readonly session: Place = { from: 0, to: 0 };
  /** The order, photo or recommendation that the payload names. */
  readonly thing: Place = { from: 0, to: 0 };
  thingKind: IdKind | undefined;
  /** Its field number; 0: none that this version knows. */
  payload = 0;
  readonly #cursor: WireCursor = { bytes: new Uint8Array(0), position: 0, end: 0 };

  /**
   * Reads the event that lies in these bytes from `from` to before `to`; the places are places in them. False: it is none.
   * As protobuf has it, the last of several values counts.
   */
  read(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    clear(this.user);
    clear(this.visitor);
    clear(this.session);
    this.#begin(0);
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.position = from;
    cursor.end = to;
    try {
      while (cursor.position < cursor.end) this.#field(cursor);
      return true;
    } catch (error) {
      if (isPalateError(error)) return false;
      throw error;
    }
  }

  #begin(payload: number): void {
    this.payload = payload;
    this.thingKind = things.get(payload);
    clear(this.thing);
  }

  #field(cursor: WireCursor): void {
    const tag = readVarint(cursor);
    const number = fieldNumber(tag);
    if ((tag & 7) !== wireTypes.LEN) {
      skipValue(cursor, tag);
      return;
    }
    const to = readLength(cursor) + cursor.position;
    if (number === field.userId.number) place(this.user, cursor.position, to);
    else if (number === field.visitorId.number) place(this.visitor, cursor.position, to);
    else if (number === field.sessionId.number) place(this.session, cursor.position, to);
    else if (payloadNumbers.has(number)) this.#payload(cursor, number, to);
    cursor.position = to;
  }

  /** One of the same type again is merged into the one before, another takes its place. */
  #payload(cursor: WireCursor, number: number, to: number): void {
    if (number !== this.payload) this.#begin(number);
    if (this.thingKind === undefined) return;
    const end = cursor.end;
    cursor.end = to;
    while (cursor.position < to) {
      const tag = readVarint(cursor);
      if (fieldNumber(tag) !== 1 || (tag & 7) !== wireTypes.LEN) {
        skipValue(cursor, tag);
        continue;
      }
      const length = readLength(cursor);
      place(this.thing, cursor.position, cursor.position + length);
      cursor.position += length;
    }
    cursor.end = end;
  }
}

export function isEmpty({ from, to }: Place): boolean {
  return from === to;
}

function clear(at: Place): void {
  place(at, 0, 0);
}

function place(at: Place, from: number, to: number): void {
  at.from = from;
  at.to = to;
}
