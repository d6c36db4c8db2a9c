/**
 * Cuts a batch into its events' bytes before any event is decoded, so that one event with bad UTF-8 (which makes a
 * decoder throw for the whole message) fails alone, and so that the journal keeps the bytes as they came.
 */

import type { EventRanges } from './event-ranges.ts';
import { cursorOver, fieldNumber, readLength, readVarint, skipValue, wireTypes } from './wire.ts';

/** `events` has number 1 in `PublishRequest` and in `PublishStreamRequest`. */
const eventsField = 1;

/** Filled anew by each call, and then copied at its true length. */
let from = new Int32Array(1_024);
let to = new Int32Array(1_024);

/**
 * The events of a `PublishRequest` or `PublishStreamRequest` in wire form, as ranges of its bytes, in order.
 * Other fields are passed over. Throws MALFORMED_MESSAGE when the batch itself cannot be walked.
 */
export function sliceEvents(batch: Uint8Array): EventRanges {
  const cursor = cursorOver(batch);
  let length = 0;
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) !== eventsField || (tag & 7) !== wireTypes.LEN) {
      skipValue(cursor, tag);
      continue;
    }
    const size = readLength(cursor);
    if (length === from.length) grow();
    from[length] = cursor.position;
    cursor.position += size;
    to[length++] = cursor.position;
  }
  return { bytes: batch, from: from.slice(0, length), to: to.slice(0, length), length };
}

function grow(): void {
  const [before, beforeTo] = [from, to];
  from = new Int32Array(before.length * 2);
  to = new Int32Array(before.length * 2);
  from.set(before);
  to.set(beforeTo);
}
