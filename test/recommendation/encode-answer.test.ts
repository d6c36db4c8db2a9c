import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { RecommendResponseSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { encodeAnswer } from '../../src/recommendation/encode-answer.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 38, maxLength: 48 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 120, maxLength: 400 }),
);

const reason = fc.record({
  text,
  itemIds: fc.array(text, { maxLength: 4 }),
  sessions: fc.oneof(fc.nat({ max: 3 }), fc.nat()),
});

const item = fc.record({
  itemId: text,
  score: fc.oneof(fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY), fc.double()),
  strategy: text,
  reasons: fc.array(reason, { maxLength: 3 }),
});

const answer = fc.record({
  recommendationId: text,
  items: fc.array(item, { maxLength: 30 }),
  sequence: fc.bigInt({ min: 0n, max: 2n ** 53n }),
  incomplete: fc.boolean(),
});

test('an answer has the bytes that protobuf-es gives it', () => {
  fc.assert(
    fc.property(answer, (value) => {
      const { items, ...rest } = value;
      const message = create(RecommendResponseSchema, { ...rest, items: structuredClone(items) });
      assert.deepEqual(encodeAnswer(value), new Uint8Array(toBinary(RecommendResponseSchema, message)));
    }),
    { numRuns: 500 },
  );
});
