import { crc32 } from 'node:zlib';

/**
 * CRC-32 as in ISO 3309 and zlib, two ways: a few bytes in JavaScript, where a native call costs more than the work,
 * and whole events natively. Both continue from a checksum of what came before.
 */

/** Below this many bytes the loop is faster than the call. */
const nativeFromBytes = 96;

const tables = makeTables();

/** The checksum of `bytes[from, to)`, continuing from `seed` (0 at the start). */
export function checksum(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let crc = ~seed;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      tables[768 + (crc & 255)]! ^
      tables[512 + ((crc >>> 8) & 255)]! ^
      tables[256 + ((crc >>> 16) & 255)]! ^
      tables[crc >>> 24]!;
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

/** The checksum of a whole view, continuing from `seed`. */
export function checksumOfView(bytes: Uint8Array, seed: number): number {
  return bytes.length < nativeFromBytes ? checksum(bytes, 0, bytes.length, seed) : crc32(bytes, seed);
}

/** Four tables, so that four bytes go in one step ("slicing by 4"; Kounavis and Berry, ISCC 2005). */
function makeTables(): Uint32Array {
  const made = new Uint32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    made[byte] = crc;
  }
  for (let slice = 1; slice < 4; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[(slice - 1) * 256 + byte]!;
      made[slice * 256 + byte] = (before >>> 8) ^ made[before & 255]!;
    }
  }
  return made;
}
