/** Images made for a test. */
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** A picture without symmetry, of `channels` × 8 bits: its corners differ, and so do its neighbouring pixels. */
export function picture(width: number, height: number, channels: 1 | 3 | 4 = 3) {
  const pixels = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const values = [(255 * x) / width, (255 * y) / height, ((x * 7 + y * 13) % 64) + 96, 255];
      for (let channel = 0; channel < channels; channel++) {
        pixels[(y * width + x) * channels + channel] = values[channel]!;
      }
    }
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

/** One colour, red, green, blue and, where there is a fourth, how opaque it is. */
export function plain(width: number, height: number, colour: readonly number[]) {
  const pixels = Buffer.alloc(width * height * colour.length, Buffer.from(colour));
  return sharp(pixels, { raw: { width, height, channels: colour.length as 3 | 4 } });
}

/** Two frames of one colour each. */
export function animation(side: number, first: number, second: number) {
  const frame = side * side * 3;
  const pixels = Buffer.concat([Buffer.alloc(frame, first), Buffer.alloc(frame, second)]);
  return sharp(pixels, { raw: { width: side, height: 2 * side, channels: 3, pageHeight: side } });
}

/** A PNG (W3C PNG, 5.3) of RGB with that many bytes for its pixels, whatever they are. */
export function rawPng(width: number, height: number, compressed: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const parts = [chunk('IHDR', header), chunk('IDAT', compressed), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
