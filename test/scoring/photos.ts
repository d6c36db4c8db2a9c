/** Photos for tests. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { plain } from './decoding/images.ts';

const banana = readFileSync(new URL('../../bench/data/grocery/banana.jpg', import.meta.url));

/** A photo of food that nobody has seen: always the same picture, always other bytes. What follows a JPEG's end is not read. */
export function newPhoto(): Buffer {
  return Buffer.concat([banana, randomBytes(16)]);
}

/** Shows no food. */
export function greyPhoto(): Promise<Buffer> {
  return plain(64, 64, [128, 128, 128]).png().toBuffer();
}

/** Begins as a photo, and ends too soon. */
export function truncatedPhoto(): Buffer {
  return Buffer.from(banana.subarray(0, banana.length >> 1));
}
