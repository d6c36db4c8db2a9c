import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { mealIdsOf, mealPayloadOf } from '../../../src/scoring/projection/meal-reader.ts';
import { sampleEvent, samplePayloads } from '../../events/event-samples.ts';
import { anyEvent } from '../../recommendation/fold/any-event.ts';

const payloads: Partial<Record<NonNullable<Event['payload']['case']>, string>> = {
  mealScored: 'scored',
  mealReviewed: 'reviewed',
  userErased: 'erased',
};
const types = Object.keys(samplePayloads) as (keyof typeof samplePayloads)[];
const anySample = fc.oneof(
  anyEvent,
  fc.constantFrom(...types).map(sampleEvent),
  fc.constant(sampleEvent('mealScored')),
);

function assertRead(bytes: Uint8Array, from = 0, to = bytes.length): void {
  const { payload, userId, visitorId, sessionId } = fromBinary(EventSchema, bytes.subarray(from, to));
  assert.equal(mealPayloadOf(bytes, from, to), payload.case && payloads[payload.case]);
  if (payload.case !== 'mealScored' && payload.case !== 'mealReviewed') return;
  const sha256 = payload.case === 'mealScored' ? payload.value.sha256 : '';
  const ids = { userId, visitorId, sessionId, imageId: payload.value.imageId.toLowerCase(), sha256 };
  assert.deepEqual(mealIdsOf(bytes, from, to), ids);
}

describe('what is read of an event about a photo', () => {
  test('is what a decoder reads', () => {
    fc.assert(fc.property(anySample, (event) => assertRead(toBinary(EventSchema, event))));
  });

  test('is the last word, where events lie one behind the other as one', () => {
    fc.assert(
      fc.property(anySample, anySample, (one, two) => {
        assertRead(Buffer.concat([toBinary(EventSchema, one), toBinary(EventSchema, two)]));
      }),
    );
  });

  test('is read where the event lies', () => {
    const around = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(anySample, around, (event, before) => {
        const bytes = toBinary(EventSchema, event);
        assertRead(Buffer.concat([before, bytes, before]), before.length, before.length + bytes.length);
      }),
    );
  });

  test('is nothing of bytes that are no event', () => {
    assert.equal(mealPayloadOf(Uint8Array.of(0x12, 5, 1)), undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void mealPayloadOf(bytes)));
  });
});
