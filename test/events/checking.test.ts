import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { isRejected, type RejectedEvent } from '../../src/events/checked-event.ts';
import { createEventCheck } from '../../src/events/checking.ts';
import { payloadTypes } from '../../src/events/payloads.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { type EventInit, event, eventBytes, itemViewed, sampleEvent, samplePayloads } from './event-samples.ts';

const receivedAtMicros = 1_750_000_000_123_456;
const check = createEventCheck({ maxEventBytes: 65_536, maxFutureMicros: 600e6 });

function rejectionOf(bytes: Uint8Array): RejectedEvent {
  const result = check(bytes, receivedAtMicros);
  assert.ok(isRejected(result), 'the event was accepted');
  return result;
}

function viewed(init: EventInit): Uint8Array {
  return itemViewed('a', init);
}

describe('every payload', () => {
  test('there are 34 of them', () => assert.equal(payloadTypes.length, 34));

  for (const { localName } of payloadTypes) {
    test(`${localName} passes`, () => {
      const bytes = toBinary(EventSchema, sampleEvent(localName as keyof typeof samplePayloads));
      assert.equal(isRejected(check(bytes, receivedAtMicros)), false);
    });
  }
});

describe('what is rejected, and with which field', () => {
  const badUtf8 = itemViewed('plain').map((byte) => byte);
  badUtf8[badUtf8.length - 1] = 0xff;

  const cases: readonly [string, Uint8Array, Partial<RejectedEvent>][] = [
    ['bad UTF-8', badUtf8, { reason: 'EVENT_MALFORMED' }],
    ['a truncated event', itemViewed('a').subarray(0, 20), { reason: 'EVENT_MALFORMED' }],
    ['an id of 1 MB', itemViewed('x'.repeat(1_048_576)), { reason: 'EVENT_TOO_LARGE' }],
    ['an id of 257 bytes', itemViewed('x'.repeat(257)), { reason: 'EVENT_INVALID', field: 'item_viewed.item_id' }],
    ['no item', itemViewed(''), { reason: 'EVENT_INVALID', field: 'item_viewed.item_id' }],
    ['no event id', viewed({ eventId: '' }), { reason: 'EVENT_INVALID', field: 'event_id' }],
    ['an event id that is no UUID', viewed({ eventId: '42' }), { reason: 'EVENT_INVALID', field: 'event_id' }],
    [
      'the year 1',
      viewed({ occurredAt: { seconds: -62_135_596_800n } }),
      { reason: 'EVENT_INVALID', field: 'occurred_at' },
    ],
    ['the year 9999', viewed({ occurredAt: { seconds: 253_402_300_799n } }), { reason: 'EVENT_FROM_FUTURE' }],
    ['the year 10000', viewed({ occurredAt: { seconds: 253_402_300_800n } }), { reason: 'EVENT_INVALID' }],
    [
      'negative nanos',
      viewed({ occurredAt: { seconds: 1n, nanos: -1 } }),
      { reason: 'EVENT_INVALID', field: 'occurred_at' },
    ],
    [
      'no payload',
      toBinary(EventSchema, create(EventSchema, { eventId: crypto.randomUUID() })),
      { reason: 'PAYLOAD_MISSING' },
    ],
    [
      'a merge without visitor',
      eventBytes({ case: 'identityMerged', value: {} }, { userId: 'u' }),
      { field: 'visitor_id' },
    ],
    ['a user without id', eventBytes({ case: 'userUpserted', value: {} }), { field: 'user_id' }],
    ['consent of nobody', eventBytes({ case: 'consentChanged', value: {} }), { field: 'user_id' }],
    ['an enum of 0', eventBytes({ case: 'itemReacted', value: { itemId: 'a' } }), { field: 'item_reacted.reaction' }],
    [
      'a NaN',
      eventBytes({ case: 'itemViewed', value: { itemId: 'a', dwellSeconds: Number.NaN } }),
      { field: 'item_viewed.dwell_seconds' },
    ],
    [
      'a rating above its scale',
      eventBytes({ case: 'itemRated', value: { itemId: 'a', value: 11, scale: 10 } }),
      { reason: 'EVENT_INVALID', field: 'item_rated' },
    ],
    [
      'a line deep inside',
      eventBytes({ case: 'orderCompleted', value: { orderId: 'o', lines: [{ itemId: 'a' }, { itemId: '' }] } }),
      { field: 'order_completed.lines[1].item_id' },
    ],
  ];

  for (const [name, bytes, expected] of cases) {
    test(name, () => {
      const rejection = rejectionOf(bytes);
      assert.partialDeepStrictEqual(rejection, expected);
      assert.notEqual(rejection.message, '');
    });
  }

  test('a payload of a later version, by its number', () => {
    const plain = toBinary(EventSchema, create(EventSchema, { eventId: crypto.randomUUID() }));
    // Field 47, LEN, empty: 47 << 3 | 2 = 378 as a varint.
    const rejection = rejectionOf(Uint8Array.of(...plain, 0xfa, 0x02, 0x00));
    assert.equal(rejection.reason, 'PAYLOAD_UNKNOWN');
    assert.match(rejection.message, /47/);
  });
});

describe('what is accepted', () => {
  test('unknown fields are kept to the byte', () => {
    const bytes = Uint8Array.of(...viewed({ occurredAt: { seconds: 1n } }), 0x45, 1, 2, 3, 4);
    const result = check(bytes, receivedAtMicros);
    assert.ok(!isRejected(result));
    assert.deepEqual(result.bytes, bytes);
  });

  test('a missing time becomes the time of receipt, behind the bytes that came', () => {
    for (const bytes of [itemViewed('a'), eventBytes(samplePayloads.itemUpserted)]) {
      const result = check(bytes, receivedAtMicros);
      assert.ok(!isRejected(result));
      assert.deepEqual(result.bytes.subarray(0, bytes.length), bytes);
      const decoded = fromBinary(EventSchema, result.bytes);
      assert.equal(microsOf(decoded.occurredAt!), receivedAtMicros);
      if (result.event !== undefined) assert.deepEqual(result.event.occurredAt, decoded.occurredAt);
    }
  });

  test('a late event keeps its own time', () => {
    const late = event({ case: 'itemViewed', value: { itemId: 'a' } }, { occurredAt: { seconds: 86_400n, nanos: 5 } });
    const bytes = toBinary(EventSchema, late);
    const result = check(bytes, receivedAtMicros);
    assert.ok(!isRejected(result));
    assert.equal(result.bytes, bytes);
  });

  test('a clock a little ahead', () => {
    const seconds = BigInt(Math.floor(receivedAtMicros / 1e6)) + 599n;
    assert.equal(isRejected(check(viewed({ occurredAt: { seconds } }), receivedAtMicros)), false);
  });
});
