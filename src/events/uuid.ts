import { randomFillSync } from 'node:crypto';

/** Chance is drawn for so many ids at once: one draw costs far more than its bytes. */
const idsPerDraw = 256;
const bytesPerId = 10;

const pool = Buffer.alloc(idsPerDraw * bytesPerId);
let at = pool.length;

/** A UUID of version 7 (RFC 9562, section 5.7): 48 bits of Unix time in milliseconds, and 74 of chance. */
export function newUuid(nowMillis = Date.now()): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const time = nowMillis.toString(16).padStart(12, '0');
  const first = (0x7000 | (pool.readUInt16BE(at) & 0x0fff)).toString(16);
  const second = (0x8000 | (pool.readUInt16BE(at + 2) & 0x3fff)).toString(16);
  const rest = pool.toString('hex', at + 4, at + bytesPerId);
  at += bytesPerId;
  return `${time.slice(0, 8)}-${time.slice(8)}-${first}-${second}-${rest}`;
}
