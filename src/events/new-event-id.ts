import { getRandomValues } from 'node:crypto';

/** A UUID version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, then chance. Sorts by time of making. */
export function newEventId(): string {
  const bytes = getRandomValues(new Uint8Array(16));
  let millis = Date.now();
  for (let index = 5; index >= 0; index--) {
    bytes[index] = millis % 256;
    millis = Math.floor(millis / 256);
  }
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
