import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { isPalateError } from '../../../src/errors.ts';
import { type DecodeTarget, decodeImage, defaultLimits } from '../../../src/scoring/decoding/decode.ts';
import { sharp } from '../../../src/scoring/decoding/image-library.ts';
import { picture, rawPng } from './images.ts';

const target: DecodeTarget = { size: 64, fit: 'cover', kernel: 'cubic' };

const unreadable = { reason: 'UNREADABLE', code: 'INVALID_ARGUMENT' };
const tooLarge = { reason: 'TOO_LARGE', code: 'INVALID_ARGUMENT' };

/** That many zeros in the format of zlib (RFC 1950), in a thousandth of the space. */
function compressedZeros(bytes: number): Buffer {
  const million = deflateRawSync(Buffer.alloc(1_000_000), { finishFlush: constants.Z_FULL_FLUSH });
  const rest = deflateRawSync(Buffer.alloc(bytes % 1_000_000));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt16BE(bytes % 65_521, 0);
  checksum.writeUInt16BE(1, 2);
  const millions = Array.from({ length: Math.floor(bytes / 1_000_000) }, () => million);
  return Buffer.concat([Buffer.from('7801', 'hex'), ...millions, rest, checksum]);
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><text>hello</text></svg>';

describe('a photo that is none', () => {
  const texts: Record<string, string> = {
    'no bytes': '',
    'one byte': '\xff',
    HTML: '<!doctype html><title>404</title>',
    PDF: '%PDF-1.7\n1 0 obj\n',
    SVG: svg,
    'SVG as XML': `<?xml version="1.0"?>${svg}`,
    ZIP: 'PK\x03\x04\x14\0\0\0',
    BMP: 'BM\x3a\0\0\0\0\0\0\0\x36\0\0\0',
    HEIC: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    'a JPEG of three bytes': '\xff\xd8\xff',
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`${name} is UNREADABLE`, () => assert.rejects(decodeImage(Buffer.from(text, 'latin1'), target), unreadable));
  }

  it('what begins as one thing and goes on as another reaches no other loader', async () => {
    for (const magic of ['GIF89a', '\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'RIFF\0\0\0\0WEBP']) {
      const error = await decodeImage(Buffer.from(magic + svg, 'latin1'), target).then(
        () => undefined,
        (thrown) => thrown,
      );
      assert.ok(isPalateError(error) && ['UNREADABLE', 'TOO_LARGE'].includes(error.reason), magic);
    }
    await assert.rejects(sharp(Buffer.from(svg)).metadata(), /unsupported image format/);
  });
});

describe('a photo that was cut off', () => {
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const) {
    it(`${format}: is UNREADABLE wherever the cut is`, async () => {
      const whole = await picture(300, 200).toFormat(format, { compressionLevel: 1, palette: false }).toBuffer();
      for (const share of [0.02, 0.3, 0.6, 0.9]) {
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        await assert.rejects(decodeImage(cut, target), unreadable, `${format} at ${share}`);
      }
    });
  }

  it('or damaged, is answered with an error of the list or pixels, never otherwise', async () => {
    const whole = await Promise.all(
      (['jpeg', 'png', 'webp', 'gif', 'tiff'] as const).map((format) => picture(60, 40).toFormat(format).toBuffer()),
    );
    const damaged = fc
      .tuple(fc.constantFrom(...whole), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }))
      .map(([bytes, flips]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of flips) copy[at % copy.length] = value;
        return copy;
      });
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        try {
          assert.equal((await decodeImage(bytes, target)).pixels.length, 64 * 64 * 3);
        } catch (error) {
          assert.ok(isPalateError(error) && ['UNREADABLE', 'TOO_LARGE'].includes(error.reason), String(error));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a photo that is too large', () => {
  it('20,000 × 20,000 pixels, by its header, at once', async () => {
    const bytes = rawPng(20_000, 20_000, deflateSync(Buffer.alloc(100)));
    await assert.rejects(decodeImage(bytes, target), {
      ...tooLarge,
      message: /20000 × 20000 pixels; at most 50000000/,
    });
  });

  it('a size that only the library finds', async () => {
    for (const format of ['tiff', 'avif'] as const) {
      const bytes = await picture(300, 200).toFormat(format, { effort: 0 }).toBuffer();
      await assert.rejects(decodeImage(bytes, target, { ...defaultLimits, maxPixels: 59_999 }), tooLarge);
      await decodeImage(bytes, target, { ...defaultLimits, maxPixels: 60_000 });
    }
  });

  it('50 MB of it', async () => {
    const jpeg = await picture(60, 40).jpeg().toBuffer();
    const padded = Buffer.concat([jpeg, Buffer.alloc(50 * 2 ** 20)]);
    await assert.rejects(decodeImage(padded, target), { ...tooLarge, message: /52\d{6} bytes; at most 16777216/ });
  });

  it('a bomb within the limits costs little memory, however many pixels come out of it', async () => {
    const bomb = rawPng(7_000, 7_000, compressedZeros(7_000 * 21_001));
    assert.ok(bomb.length < 200_000);
    const before = process.memoryUsage().rss;
    assert.equal((await decodeImage(bomb, target)).width, 7_000);
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });

  it('what takes too long is given up', async () => {
    const bomb = rawPng(50_000, 50_000, compressedZeros(50_000 * 150_001));
    const limits = { ...defaultLimits, maxPixels: 3_000_000_000, maxSeconds: 1 };
    const late = decodeImage(bomb, { ...target, size: 224 }, limits);
    await assert.rejects(late, { ...tooLarge, message: /longer than 1 s/ });
  });
});

it('no file stays open', { skip: process.platform !== 'linux' }, async () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const good = await picture(60, 40).jpeg().toBuffer();
  await decodeImage(good, target);
  const before = open();
  for (let round = 0; round < 50; round++) {
    await decodeImage(good, target);
    await assert.rejects(decodeImage(good.subarray(0, 300), target), unreadable);
  }
  assert.ok(open() <= before);
});
