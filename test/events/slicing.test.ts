import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { PublishRequestSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { isPalateError } from '../../src/errors.ts';
import { eventAt } from '../../src/events/event-ranges.ts';
import { sliceEvents } from '../../src/events/slicing.ts';
import { event, itemViewed } from './event-samples.ts';

/** Any bytes as field 1, LEN. */
function field(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
  return Uint8Array.of(0x0a, ...length, rest, ...bytes);
}

const slicesOf = (batch: Uint8Array): Uint8Array[] => {
  const events = sliceEvents(batch);
  return Array.from({ length: events.length }, (_, index) => eventAt(events, index));
};

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

test('a batch is cut into its events', () => {
  const events = ['a', 'b', 'c'].map((itemId) => event({ case: 'itemViewed', value: { itemId } }, { eventId: 'x' }));
  const slices = slicesOf(toBinary(PublishRequestSchema, create(PublishRequestSchema, { events })));
  assert.deepEqual(
    slices.map((slice) => Buffer.from(slice)),
    ['a', 'b', 'c'].map((itemId) => Buffer.from(itemViewed(itemId, { eventId: 'x' }))),
  );
});

test('an empty batch has no events', () => assert.deepEqual(slicesOf(new Uint8Array(0)), []));

test('whatever the events hold, and whatever fields lie between them, the slices are the events', () => {
  const unknown = fc.constantFrom(
    Uint8Array.of(0x10, 0x96, 0x01),
    Uint8Array.of(0x19, 1, 2, 3, 4, 5, 6, 7, 8),
    Uint8Array.of(0x22, 0x02, 0xff, 0xfe),
    Uint8Array.of(0x2d, 1, 2, 3, 4),
    Uint8Array.of(0x33, 0x08, 0x01, 0x34),
  );
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ bytes, isEvent: true })),
    unknown.map((bytes) => ({ bytes, isEvent: false })),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const batch = concat(parts.map(({ bytes, isEvent }) => (isEvent ? field(bytes) : bytes)));
      const expected = parts.filter(({ isEvent }) => isEvent).map(({ bytes }) => bytes);
      assert.deepEqual(slicesOf(batch), expected);
    }),
  );
});

test('any bytes are cut or refused as MALFORMED_MESSAGE, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        sliceEvents(bytes);
      } catch (error) {
        assert.ok(isPalateError(error) && error.reason === 'MALFORMED_MESSAGE');
      }
    }),
    { numRuns: 500 },
  );
});

test('a batch that ends in the middle of an event is refused', () => {
  const batch = field(itemViewed('a'));
  for (let length = 1; length < batch.length; length++) {
    assert.throws(() => sliceEvents(batch.subarray(0, length)), { reason: 'MALFORMED_MESSAGE' });
  }
});

test('groups without end do not run the stack over', () => {
  assert.throws(() => sliceEvents(new Uint8Array(10_000).fill(0x13)), { reason: 'MALFORMED_MESSAGE' });
});
