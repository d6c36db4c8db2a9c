import { crc32 } from 'node:zlib';
import type { ByteTarget } from './byte-target.ts';

/**
 * CRC-32 as in ISO 3309 and zlib, two ways: up to a few hundred bytes in JavaScript, where a native call costs more than
 * the work, and more natively.
 */

/** From so many bytes on the call is faster than the loop. */
const nativeFromBytes = 400;
/** So many bytes go in one step ("slicing by 16"; Kounavis and Berry, ISCC 2005, and zlib's own `crc32_z`). */
const stepBytes = 16;

const table = makeTable();

/** The checksum of bytes `from` to before `to`. */
export function checksum(target: ByteTarget, from: number, to: number): number {
  if (to - from >= nativeFromBytes) return crc32(target.bytes.subarray(from, to));
  const { bytes, view } = target;
  let crc = -1;
  let at = from;
  for (; at + stepBytes <= to; at += stepBytes) {
    crc =
      step(crc ^ view.getInt32(at, true), 3_072) ^
      step(view.getInt32(at + 4, true), 2_048) ^
      step(view.getInt32(at + 8, true), 1_024) ^
      step(view.getInt32(at + 12, true), 0);
  }
  for (; at + 4 <= to; at += 4) crc = step(crc ^ view.getInt32(at, true), 0);
  for (; at < to; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

/** Four bytes, by the four tables that start at `base`. */
function step(word: number, base: number): number {
  return (
    table[base + 768 + (word & 255)]! ^
    table[base + 512 + ((word >>> 8) & 255)]! ^
    table[base + 256 + ((word >>> 16) & 255)]! ^
    table[base + (word >>> 24)]!
  );
}

/** Table `n` has the checksum of each byte with `n` zero bytes behind it. */
function makeTable(): Uint32Array {
  const made = new Uint32Array(stepBytes * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}
