/** Ids of traces and spans: https://www.w3.org/TR/trace-context/#trace-id */
import { randomBytes } from 'node:crypto';

/** Hex digits that are drawn at once: one by one, each id would be a call into OpenSSL. */
const poolLength = 8_192;

let pool = '';
let used = 0;

/** 16 random bytes in hex. */
export function newTraceId(): string {
  return draw(32);
}

/** 8 random bytes in hex. */
export function newSpanId(): string {
  return draw(16);
}

function draw(digits: number): string {
  if (used + digits > pool.length) {
    pool = randomBytes(poolLength / 2).toString('hex');
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}
