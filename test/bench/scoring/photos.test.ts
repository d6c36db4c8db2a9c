import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawPhotos, numbered, numberPlace, renumber } from '../../../bench/scoring/photos.ts';
import { decodeImage } from '../../../src/scoring/decoding/decode.ts';

const target = { size: 224, fit: 'cover', kernel: 'cubic' } as const;

describe('photos that are drawn', () => {
  it('are the same for the same seed, and as large as those of a camera', async () => {
    const [photos, again, others] = await Promise.all([drawPhotos(1, 3), drawPhotos(1, 3), drawPhotos(2, 3)]);
    assert.deepEqual(photos, again);
    assert.equal(new Set([...photos, ...others].map((photo) => photo.toString('base64'))).size, 6);
    for (const { length } of photos) assert.ok(length > 20_000 && length < 45_000, `${length} bytes`);
  });

  it('become others by their number, and show the same', async () => {
    const [photo] = await drawPhotos(1, 1);
    const bytes = numbered(photo!);
    const shown = await decodeImage(photo!, target);
    assert.deepEqual([shown.width, shown.height], [480, 360]);
    const place = numberPlace(bytes);
    for (const number of [0, 7, 1_000_000]) {
      renumber(bytes, place, number);
      assert.ok(bytes.includes(`-${String(number).padStart(12, '0')}`));
      assert.deepEqual((await decodeImage(bytes, target)).pixels, shown.pixels);
    }
    assert.throws(() => numberPlace(photo!), /no numbered photo/);
  });
});
