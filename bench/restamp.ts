/**
 * Makes encoded events of the made-up traffic new again, in place, so that a long load needs no more memory than one lap
 * of it: other ids, later times, and other sessions if asked for. Lengths do not change.
 */

const eventIdTag = 0x0a;
const sessionIdTag = 0x22;
const occurredAtTag = 0x2a;
const secondsTag = 0x08;

export interface Lap {
  /** Counted from 1; 0 is how the events were made. At most 0x0fff_ffff. */
  readonly number: number;
  /** Added to the event's time as it is now. */
  readonly seconds: number;
  /** Sessions come again after so many laps, at most 26. */
  readonly sessionLaps: number;
}

/** Restamps the event at `from`, up to `to`, without the tag and the length that it has in a batch. */
export function restamp(bytes: Buffer, from: number, to: number, lap: Lap): void {
  let at = from;
  while (at < to) {
    const tag = bytes[at]!;
    // Only the envelope's fields up to the time matter, and all have one byte of tag and one of length.
    const contentAt = at + 2;
    if (tag === eventIdTag) writeHex(bytes, contentAt, lap.number);
    else if (tag === sessionIdTag) bytes[contentAt] = 0x61 + (lap.number % lap.sessionLaps);
    else if (tag === occurredAtTag) {
      addSeconds(bytes, contentAt, lap.seconds);
      return;
    }
    at = contentAt + bytes[at + 1]!;
  }
}

/** The first group of a UUID; its first digit keeps it apart from what seeds make. */
function writeHex(bytes: Buffer, at: number, number: number): void {
  bytes.write((0xa000_0000 + number).toString(16), at, 'latin1');
}

/** A Timestamp's seconds, which take five bytes from 1978 to 3058. */
function addSeconds(bytes: Buffer, at: number, seconds: number): void {
  if (bytes[at] !== secondsTag) return;
  let value = 0;
  for (let place = 4; place >= 0; place--) value = value * 128 + (bytes[at + 1 + place]! & 127);
  let rest = value + seconds;
  for (let place = 0; place < 5; place++) {
    bytes[at + 1 + place] = (rest % 128) | (place < 4 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
}
