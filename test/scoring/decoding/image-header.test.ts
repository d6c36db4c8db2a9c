import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Sharp } from 'sharp';
import {
  formatOf,
  type ImageFormat,
  imageFormats,
  isHeic,
  sizeOf,
} from '../../../src/scoring/decoding/image-header.ts';
import { picture } from './images.ts';

const encoders: readonly [name: string, format: ImageFormat, encode: (image: Sharp) => Sharp][] = [
  ['baseline JPEG', 'jpeg', (image) => image.jpeg()],
  ['progressive JPEG', 'jpeg', (image) => image.jpeg({ progressive: true })],
  ['JPEG with EXIF and a colour profile', 'jpeg', (image) => image.withMetadata({ orientation: 6 }).jpeg()],
  ['PNG', 'png', (image) => image.png()],
  ['lossy WebP', 'webp', (image) => image.webp()],
  ['lossless WebP', 'webp', (image) => image.webp({ lossless: true })],
  ['extended WebP', 'webp', (image) => image.ensureAlpha(0.5).withMetadata({ orientation: 3 }).webp()],
  ['GIF', 'gif', (image) => image.gif()],
  ['TIFF', 'tiff', (image) => image.tiff()],
  ['AVIF', 'avif', (image) => image.avif({ effort: 0 })],
];

describe('the header of an image', () => {
  for (const [name, format, encode] of encoders) {
    it(`tells a ${name}, and its size where it is there`, async () => {
      for (const [width, height] of [
        [1, 1],
        [37, 300],
        [513, 20],
      ] as const) {
        const bytes = await encode(picture(width, height)).toBuffer();
        assert.equal(formatOf(bytes), format);
        const expected = format === 'tiff' || format === 'avif' ? undefined : { width, height };
        assert.deepEqual(sizeOf(bytes, format), expected);
      }
    });
  }

  it('knows no format but these', () => {
    const others = ['', 'GIF', 'BM', '<svg/>', '<?xml?><svg/>', '%PDF-1.7', 'PK\x03\x04', 'RIFF____AVI ', 'II+\0'];
    for (const text of others) assert.equal(formatOf(Buffer.from(text, 'latin1')), undefined, text);
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
    assert.deepEqual([formatOf(heic), isHeic(heic), isHeic(Buffer.from('ftyp'))], [undefined, true, false]);
  });

  it('takes any bytes, and comes to an end', () => {
    const prefixes = [
      '',
      'ffd8ff',
      'ffd8ffe00004',
      '89504e470d0a1a0a',
      '474946383961',
      '49492a00',
      '00000020667479706176',
    ];
    const bytes = fc
      .tuple(fc.constantFrom(...prefixes), fc.uint8Array({ maxLength: 80 }))
      .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix, 'hex'), rest]));
    fc.assert(
      fc.property(bytes, fc.constantFrom(...imageFormats), (image, format) => {
        formatOf(image);
        const size = sizeOf(image, format);
        assert.ok(size === undefined || (size.width >= 0 && size.height >= 0));
      }),
    );
  });
});
