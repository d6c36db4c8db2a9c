/** Events as ranges of one buffer: a batch of thousands is five objects, not thousands. */

/** Event `i` is `bytes[from[i], to[i])`. */
export interface EventRanges {
  readonly bytes: Uint8Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** How many there are. */
  readonly length: number;
}

/** The bytes of one event, as a view. */
export function eventAt({ bytes, from, to }: EventRanges, index: number): Uint8Array {
  return bytes.subarray(from[index], to[index]);
}

/** Copies events into one buffer. */
export function packEvents(events: readonly Uint8Array[]): EventRanges {
  const { length } = events;
  const from = new Int32Array(length);
  const to = new Int32Array(length);
  let size = 0;
  for (let index = 0; index < length; index++) {
    from[index] = size;
    size += events[index]!.length;
    to[index] = size;
  }
  const bytes = new Uint8Array(size);
  for (let index = 0; index < length; index++) bytes.set(events[index]!, from[index]);
  return { bytes, from, to, length };
}
