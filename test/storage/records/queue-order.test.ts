import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Photo } from '../../../src/storage/records/merge.ts';
import { partRange, queueParts, queuePlace, uuidBytes } from '../../../src/storage/records/queue-order.ts';
import { reviewOf } from './suite.ts';

interface Standing {
  readonly uncertainty: number;
  readonly imageId: string;
  readonly isReviewed: boolean;
  readonly isRejected: boolean;
}

function photoOf({ uncertainty, imageId, isReviewed, isRejected }: Standing): Photo {
  return {
    sha256: '',
    imageIds: [imageId],
    word: {
      score: undefined,
      rejection: isRejected ? { reason: 'NOT_FOOD', message: '' } : undefined,
      labels: [],
      model: { name: '', version: '' },
      uncertainty,
      provider: '',
      scoredAtMicros: 0,
    },
    named: { userId: '', visitorId: '', sessionId: '', itemId: '', namedAtMicros: 0 },
    review: isReviewed ? reviewOf() : undefined,
  };
}

const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, -0, 1, Number.MIN_VALUE, 0.5));
const standing = fc.record({
  uncertainty: share,
  imageId: fc.uuid(),
  isReviewed: fc.boolean(),
  isRejected: fc.boolean(),
});

function part({ isReviewed, isRejected }: Standing): number {
  return isReviewed ? 1 : isRejected ? 2 : 0;
}

it('sorts as bytes by part, then falling uncertainty, then image id', () => {
  fc.assert(
    fc.property(standing, standing, (one, other) => {
      const places = [one, other].map((each) => queuePlace(photoOf(each)));
      const byId = one.imageId < other.imageId ? -1 : Number(one.imageId > other.imageId);
      const expected = part(one) - part(other) || other.uncertainty - one.uncertainty || byId;
      assert.equal(Math.sign(Buffer.compare(places[0]!, places[1]!)), Math.sign(expected));
    }),
    { numRuns: 1_000 },
  );
});

it('has in a range those that are at least so uncertain, and no others', () => {
  fc.assert(
    fc.property(standing, share, (each, least) => {
      const place = queuePlace(photoOf({ ...each, isReviewed: false, isRejected: false }));
      const { first, last } = partRange(queueParts.waiting, least);
      const isWithin = Buffer.compare(first, place) <= 0 && Buffer.compare(place, last) <= 0;
      assert.equal(isWithin, each.uncertainty >= least);
    }),
  );
});

it('knows a UUID', () => {
  assert.equal(uuidBytes('0190A0C1-1111-7111-8111-111111111111')?.toString('hex'), '0190a0c1111171118111111111111111');
  for (const text of ['', '0190a0c1111171118111111111111111', '0190a0c1-1111-7111-8111-11111111111g']) {
    assert.equal(uuidBytes(text), undefined);
  }
});
