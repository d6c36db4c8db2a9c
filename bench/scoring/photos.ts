/** Photos to score: a person's own, or piles of fruit that are drawn here, so that the benchmark runs anywhere. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { PalateError } from '../../src/errors.ts';
import { createRandom } from '../random.ts';

const width = 480;
const height = 360;
const quality = 72;
/** Red, green, blue. */
const fruitColours = [
  [230, 130, 20],
  [200, 40, 30],
  [110, 170, 40],
  [240, 210, 60],
] as const;
const fruitsOnPhoto = 40;
/** Of each colour, up or down at most: what makes a photo as many bytes as one from a camera has. */
const grain = 16;

/** The first `count` JPEGs of a folder and the folders in it, by name. Throws USAGE where there is none. */
export async function readPhotos(folder: string, count: number): Promise<readonly Buffer[]> {
  const names = await readdir(folder, { recursive: true });
  const photos = names.filter((name) => /\.jpe?g$/i.test(name)).toSorted();
  if (photos.length === 0) throw new PalateError('USAGE', `There is no .jpg below ${folder}.`);
  // Spread over all of them: neighbours show the same.
  const step = Math.max(1, Math.floor(photos.length / count));
  const chosen = photos.filter((_, index) => index % step === 0).slice(0, count);
  return Promise.all(chosen.map((name) => readFile(join(folder, name))));
}

/** `count` JPEGs of 480 × 360, about 29 kB each; the seed fixes them. Most of them pass for food. */
export async function drawPhotos(seed: number, count: number): Promise<readonly Buffer[]> {
  const random = createRandom(seed);
  const photos: Buffer[] = [];
  while (photos.length < count) photos.push(await drawPhoto(createRandom(random.below(2 ** 31))));
  return photos;
}

type Random = ReturnType<typeof createRandom>;

interface Fruit {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

function drawPhoto(random: Random): Promise<Buffer> {
  const colour = fruitColours[random.below(fruitColours.length)]!;
  const fruits = Array.from({ length: fruitsOnPhoto }, () => ({
    x: random.below(width),
    y: random.below(height),
    radius: 40 + random.below(30),
  }));
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < pixels.length; at += 3) {
    const light = lightAt(fruits, (at / 3) % width, Math.floor(at / 3 / width));
    const noise = (random.next() * 2 - 1) * grain;
    for (let channel = 0; channel < 3; channel++) {
      pixels[at + channel] = Math.max(0, Math.min(255, colour[channel]! * light + noise));
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

/** Balls lit from the upper left; the later lie above the earlier ones. */
function lightAt(fruits: readonly Fruit[], x: number, y: number): number {
  let light = 0.25;
  for (const fruit of fruits) {
    const { radius } = fruit;
    const [right, down] = [x - fruit.x, y - fruit.y];
    if (right * right + down * down >= radius * radius) continue;
    const [fromLightX, fromLightY] = [right + radius * 0.3, down + radius * 0.3];
    light = 0.35 + 0.65 * Math.sqrt(1 - (fromLightX ** 2 + fromLightY ** 2) / (radius * radius * 2.3));
  }
  return light;
}

/** Where a photo has room for a number, in its comment. */
const room = 'palate-photo-000000000000';
const digits = 12;

/** A photo whose number can be changed in place: an own segment of comment behind its first two bytes (ITU T.81, B.2.4.5). */
export function numbered(jpeg: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xfffe, 0);
  head.writeUInt16BE(2 + room.length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(room, 'latin1'), jpeg.subarray(2)]);
}

/** Where the digits of a numbered photo begin in bytes that hold it. Throws where there is none. */
export function numberPlace(bytes: Buffer): number {
  const at = bytes.indexOf(room, 0, 'latin1');
  if (at < 0) throw new Error('these bytes hold no numbered photo');
  return at + room.length - digits;
}

/** Makes the photo in these bytes another one. */
export function renumber(bytes: Buffer, place: number, number: number): void {
  bytes.write(String(number).padStart(digits, '0'), place, digits, 'latin1');
}
