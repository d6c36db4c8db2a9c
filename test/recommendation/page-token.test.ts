import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodePageToken, encodePageToken, maxPosition } from '../../src/recommendation/page-token.ts';

const request = ['trending', 'shop', 'fruit', ''];
const refused = { name: 'PalateError', reason: 'INVALID_PAGE_TOKEN' };

describe('a page token', () => {
  it('leads back to its position, with the same request only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        fc.array(fc.string()),
        fc.integer({ min: 0, max: maxPosition }),
        (one, other, position) => {
          const token = encodePageToken(one, position);
          assert.equal(decodePageToken(one, token), position);
          if (JSON.stringify(one) !== JSON.stringify(other))
            assert.throws(() => decodePageToken(other, token), refused);
        },
      ),
    );
  });

  it('is the first page where it is empty', () => assert.equal(decodePageToken(request, ''), 0));

  it('is refused where it is not ours, of another version, or cut', () => {
    const token = encodePageToken(request, 7);
    const other = Buffer.from(token, 'base64url');
    other[0] = 2;
    for (const wrong of ['x', 'häh', token.slice(1), `${token}A`, `${token}=`, other.toString('base64url')]) {
      assert.throws(() => decodePageToken(request, wrong), refused, wrong);
    }
  });

  it('is refused beyond the end', () => {
    assert.throws(() => decodePageToken(request, encodePageToken(request, maxPosition + 1)), refused);
  });
});
