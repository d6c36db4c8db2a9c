/** Times as microseconds since 1970, which a double holds exactly up to the year 2255. */

import type { Timestamp } from '@bufbuild/protobuf/wkt';

/** Microseconds since 1970; what is finer is cut off. */
export function microsOf(timestamp: Pick<Timestamp, 'seconds' | 'nanos'>): number {
  return Number(timestamp.seconds) * 1e6 + Math.floor(timestamp.nanos / 1e3);
}

/** The two fields of a `google.protobuf.Timestamp`. */
export function timestampOf(micros: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(micros / 1e6);
  return { seconds: BigInt(seconds), nanos: Math.round(micros - seconds * 1e6) * 1000 };
}

/** The clock, in microseconds since 1970. */
export function nowMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1e3);
}
