import { writeSync } from 'node:fs';

/** What one call may be given: the system takes at most 2 GiB. */
const longestWrite = 1 << 30;

/** Writes all of the bytes behind what was written before. One call may take a part only, on a disk that is filling up say. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, longestWrite));
}
