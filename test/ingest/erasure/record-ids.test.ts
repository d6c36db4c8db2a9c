import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { type Place, RecordIds } from '../../../src/ingest/erasure/record-ids.ts';
import { eventTypeNumbers } from '../../../src/recommendation/fold/event-types.ts';
import { anyEvent } from '../../recommendation/fold/any-event.ts';

const ids = new RecordIds();
const textOf = (bytes: Uint8Array, { from, to }: Place) => Buffer.from(bytes.subarray(from, to)).toString();

function thingOf({ payload: { value } }: Event): string {
  if (value === undefined) return '';
  if ('orderId' in value) return value.orderId;
  if ('imageId' in value) return value.imageId;
  return 'recommendationId' in value ? value.recommendationId : '';
}

function assertRead(bytes: Uint8Array, from = 0, to = bytes.length): void {
  const event = fromBinary(EventSchema, bytes.subarray(from, to));
  assert.ok(ids.read(bytes, from, to));
  assert.equal(textOf(bytes, ids.user), event.userId);
  assert.equal(textOf(bytes, ids.visitor), event.visitorId);
  assert.equal(textOf(bytes, ids.session), event.sessionId);
  assert.equal(ids.payload, eventTypeNumbers[event.payload.case!]);
  assert.equal(textOf(bytes, ids.thing), thingOf(event));
}

describe('the ids of a record', () => {
  test('are those that a decoder reads', () => {
    fc.assert(fc.property(anyEvent, (event) => assertRead(toBinary(EventSchema, event))));
  });

  test('are those of the last word, where events lie one behind the other as one', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, (one, two) => {
        assertRead(Buffer.concat([toBinary(EventSchema, one), toBinary(EventSchema, two)]));
      }),
    );
  });

  test('are read where the event lies', () => {
    fc.assert(
      fc.property(anyEvent, fc.uint8Array({ maxLength: 20 }), (event, before) => {
        const bytes = toBinary(EventSchema, event);
        assertRead(Buffer.concat([before, bytes, before]), before.length, before.length + bytes.length);
      }),
    );
  });

  test('are not read of bytes that are no event, and nothing is thrown', () => {
    assert.equal(ids.read(Uint8Array.of(0x12, 5, 1)), false);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void ids.read(bytes)));
  });
});
