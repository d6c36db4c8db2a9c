/** The time of receipt, for events that say none. */

import { timestampOf } from './timestamp.ts';

/** Field 5, LEN; the Timestamp's `seconds` as field 1 and `nanos` as field 2, both varints. */
const occurredAtTag = 0x2a;
const secondsTag = 0x08;
const nanosTag = 0x10;

/**
 * The event's bytes with the time of receipt written behind them. Protobuf merges what follows into what was there, so
 * the caller's bytes stay as they came, and every reader of the journal sees the same time.
 */
export function stampReceipt(bytes: Uint8Array, receivedAtMicros: number): Uint8Array {
  const { seconds, nanos } = timestampOf(receivedAtMicros);
  const stamp: number[] = [secondsTag];
  pushVarint(stamp, Number(seconds));
  stamp.push(nanosTag);
  pushVarint(stamp, nanos);
  const stamped = new Uint8Array(bytes.length + 2 + stamp.length);
  stamped.set(bytes);
  stamped.set([occurredAtTag, stamp.length, ...stamp], bytes.length);
  return stamped;
}

function pushVarint(into: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    into.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}
