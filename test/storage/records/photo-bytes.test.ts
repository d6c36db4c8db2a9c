import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { newUuid } from '../../../src/events/uuid.ts';
import type { Photo } from '../../../src/storage/records/merge.ts';
import { decodePhoto, decodeReview, encodePhoto, encodeReview } from '../../../src/storage/records/photo-bytes.ts';
import { hashOf } from './suite.ts';

/** With the prototype that our own objects have. */
const plain = <Shape>(model: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
  fc.record<Shape>(model, { noNullPrototype: true });

const micros = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const score = fc.option(fc.double({ min: 1, max: 5, noNaN: true }), { nil: undefined });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

const review = plain({
  score,
  labels: fc.array(text, { maxLength: 3 }),
  reviewerId: text,
  comment: text,
  reviewedAtMicros: micros,
});

const photo: fc.Arbitrary<Photo> = plain({
  sha256: text.map(hashOf),
  imageIds: fc.integer({ min: 1, max: 3 }).map((count) => Array.from({ length: count }, () => newUuid())),
  word: plain({
    score,
    rejection: fc.option(plain({ reason: text, message: text }), { nil: undefined }),
    labels: fc.array(plain({ name: text, confidence: fc.double({ min: 0, max: 1, noNaN: true }) }), {
      maxLength: 5,
    }),
    model: plain({ name: text, version: text }),
    uncertainty: fc.double({ min: 0, max: 1, noNaN: true }),
    provider: text,
    scoredAtMicros: micros,
  }),
  named: plain({ userId: text, visitorId: text, sessionId: text, itemId: text, namedAtMicros: micros }),
  review: fc.option(review, { nil: undefined }),
});

it('gives a photo back as it was', () => {
  fc.assert(fc.property(photo, (each) => assert.deepEqual(decodePhoto(encodePhoto(each)), each)));
});

it('gives a review back as it was', () => {
  fc.assert(fc.property(review, (each) => assert.deepEqual(decodeReview(encodeReview(each)), each)));
});

it('gives nothing back where a bit or the end is lost', () => {
  fc.assert(
    fc.property(photo, fc.nat(), fc.nat(7), (each, at, bit) => {
      const bytes = encodePhoto(each);
      assert.equal(decodePhoto(bytes.subarray(0, at % bytes.length)), undefined);
      bytes[at % bytes.length]! ^= 1 << bit;
      assert.equal(decodePhoto(bytes), undefined);
    }),
  );
});
