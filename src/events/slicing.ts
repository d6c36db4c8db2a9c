/**
 * Cuts a batch into its events' bytes before any event is decoded, so that one event with bad UTF-8 (which makes a
 * decoder throw for the whole message) fails alone, and so that the journal keeps the bytes as they came.
 */

import { cursorOver, fieldNumber, readLength, readVarint, skipValue, wireTypes } from './wire.ts';

/** `events` has number 1 in `PublishRequest` and in `PublishStreamRequest`. */
const eventsField = 1;

/**
 * The events of a `PublishRequest` or `PublishStreamRequest` in wire form, as views on its bytes, in order.
 * Other fields are passed over. Throws MALFORMED_MESSAGE when the batch itself cannot be walked.
 */
export function sliceEvents(batch: Uint8Array): Uint8Array[] {
  const events: Uint8Array[] = [];
  const cursor = cursorOver(batch);
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) === eventsField && (tag & 7) === wireTypes.LEN) {
      const length = readLength(cursor);
      events.push(batch.subarray(cursor.position, cursor.position + length));
      cursor.position += length;
    } else {
      skipValue(cursor, tag);
    }
  }
  return events;
}
