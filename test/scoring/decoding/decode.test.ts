import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { type DecodeTarget, decodeImage } from '../../../src/scoring/decoding/decode.ts';
import { animation, picture, plain } from './images.ts';

const target: DecodeTarget = { size: 64, fit: 'cover', kernel: 'cubic' };

/** How far two images are apart, by the mean of their values. */
function distance(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length);
  return one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0) / one.length;
}

const corner = (pixels: Uint8Array) => [...pixels.subarray(0, 3)];

describe('decodeImage', () => {
  it('cuts the middle square out and resizes it', async () => {
    // The left and right thirds are black, the middle is light.
    const light = await plain(100, 100, [200, 150, 100]).png().toBuffer();
    const wide = await plain(300, 100, [0, 0, 0])
      .composite([{ input: light, left: 100, top: 0 }])
      .png()
      .toBuffer();
    const { pixels, width, height, format } = await decodeImage(wide, target);
    assert.deepEqual([width, height, format, pixels.length], [300, 100, 'png', 64 * 64 * 3]);
    const inner = pixels.subarray((32 * 64 + 8) * 3, (32 * 64 + 56) * 3);
    assert.ok(inner.every((value, index) => Math.abs(value - [200, 150, 100][index % 3]!) <= 1));
  });

  it('gives the same pixels however the camera was held: all eight orientations of EXIF', async () => {
    const upright = await picture(96, 72).png().toBuffer();
    const { pixels: expected } = await decodeImage(upright, target);
    // What has to be done to the upright picture so that the tag's turn brings it back (EXIF 2.3, 4.6.4). sharp mirrors first.
    const stored = {
      1: picture(96, 72),
      2: picture(96, 72).flop(),
      3: picture(96, 72).rotate(180),
      4: picture(96, 72).flip(),
      5: picture(96, 72).flip().rotate(90),
      6: picture(96, 72).rotate(270),
      7: picture(96, 72).flop().rotate(90),
      8: picture(96, 72).rotate(90),
    };
    for (const [orientation, image] of Object.entries(stored)) {
      const turned = await image.png().toBuffer();
      const tagged = await sharp(turned)
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const { pixels } = await decodeImage(tagged, target);
      assert.ok(distance(pixels, expected) < 0.5, `orientation ${orientation}`);
    }
  });

  it('reads JPEG, PNG, WebP, AVIF, GIF and TIFF alike', async () => {
    const { pixels: expected } = await decodeImage(await picture(96, 72).png().toBuffer(), target);
    for (const format of ['jpeg', 'webp', 'avif', 'gif', 'tiff'] as const) {
      const bytes = await picture(96, 72).toFormat(format, { quality: 95 }).toBuffer();
      const { pixels, ...rest } = await decodeImage(bytes, target);
      assert.deepEqual(rest, { width: 96, height: 72, format });
      assert.ok(distance(pixels, expected) < 12, `${format}: ${distance(pixels, expected)}`);
    }
  });

  it('makes three channels of 8 bits of grey, of 16 bits, of CMYK and of a palette', async () => {
    const red = () => plain(80, 80, [200, 40, 30]);
    const near = async (name: string, bytes: Buffer, colour: readonly number[], within: number) => {
      const found = corner((await decodeImage(bytes, target)).pixels);
      const off = Math.max(...found.map((value, index) => Math.abs(value - colour[index]!)));
      assert.ok(off <= within, `${name}: ${found}, not ${colour}`);
    };
    await near('16 bits', await red().toColourspace('rgb16').png().toBuffer(), [200, 40, 30], 1);
    await near('palette', await red().png({ palette: true }).toBuffer(), [200, 40, 30], 1);
    await near('CMYK', await red().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), [200, 40, 30], 30);
    await near('grey', await plain(80, 80, [90, 90, 90]).toColourspace('b-w').png().toBuffer(), [90, 90, 90], 1);
    await near(
      'grey, 16 bits',
      await plain(80, 80, [90, 90, 90]).toColourspace('grey16').png().toBuffer(),
      [90, 90, 90],
      1,
    );
  });

  it('puts what is transparent on white', async () => {
    const clear = await plain(80, 80, [200, 40, 30, 0]).png().toBuffer();
    assert.deepEqual(corner((await decodeImage(clear, target)).pixels), [255, 255, 255]);
    const half = await plain(80, 80, [200, 40, 30, 128]).webp({ lossless: true }).toBuffer();
    const [red, green, blue] = corner((await decodeImage(half, target)).pixels);
    assert.ok(Math.abs(red! - 227) <= 2 && Math.abs(green! - 147) <= 2 && Math.abs(blue! - 142) <= 2);
  });

  it('takes the first frame of an animation, the first page of a TIFF', async () => {
    for (const format of ['gif', 'webp', 'tiff'] as const) {
      const bytes = await animation(80, 200, 20).toFormat(format, { lossless: true }).toBuffer();
      const { pixels, height } = await decodeImage(bytes, target);
      assert.equal(height, 80, format);
      assert.deepEqual([...new Set(pixels)], [200], format);
    }
  });

  it('reads what is extremely narrow, or smaller than the model wants it', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 20_000],
      [60_000, 1],
    ] as const) {
      const { pixels } = await decodeImage(await plain(width, height, [9, 99, 199]).png().toBuffer(), target);
      assert.deepEqual([...pixels.subarray(-3)], [9, 99, 199]);
    }
  });
});
