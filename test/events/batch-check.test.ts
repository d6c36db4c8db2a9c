import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { listEvents, packAccepted, pickEvents } from '../../src/events/accepted-events.ts';
import { type CheckedEvents, createBatchChecks } from '../../src/events/batch-check.ts';
import { isRejected, readAcceptedId } from '../../src/events/checked-event.ts';
import { createEventCheck } from '../../src/events/checking.ts';
import { eventAt, packEvents } from '../../src/events/event-ranges.ts';
import { payloadNumberOf, payloadTypes } from '../../src/events/payloads.ts';
import { messageOf } from './any-message.ts';
import { itemViewed } from './event-samples.ts';

const receivedAtMicros = 1_700_000_000_000_000;
const limits = { maxEventBytes: 400, maxFutureMicros: 300_000_000 };
const checkOne = createEventCheck(limits);
const checks = createBatchChecks(limits);

function checkAll(events: readonly Uint8Array[], part: number): CheckedEvents {
  const running = checks(packEvents(events), receivedAtMicros);
  let steps = 1;
  while (running.next(part)) steps++;
  assert.equal(steps, Math.max(1, Math.ceil(events.length / part)));
  return running.result();
}

const anyEvent = fc.oneof(
  fc.record({ init: messageOf(EventSchema), eventId: fc.uuid() }).map(({ init, eventId }) => {
    return toBinary(EventSchema, create(EventSchema, { ...init, eventId }));
  }),
  fc.record({ eventId: fc.uuid(), isTimed: fc.boolean() }).map(({ eventId, isTimed }) => {
    const occurredAt = { seconds: 1_600_000_000n, nanos: 5_000 };
    return itemViewed('a', isTimed ? { eventId, userId: 'u', occurredAt } : { eventId, userId: 'u' });
  }),
  fc.uint8Array({ maxLength: 60 }),
);

describe('the check of a batch', () => {
  test('says of each event what the check of one says', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (events, part) => {
        const { accepted, rejected } = checkAll(events, part);
        const expected = events.map((bytes) => checkOne(bytes, receivedAtMicros));
        const refused = expected.flatMap((one, index) => (isRejected(one) ? [{ index, ...one }] : []));
        assert.deepEqual(rejected, refused);
        const kept = expected.flatMap((one) => (isRejected(one) ? [] : [one]));
        assert.deepEqual(
          kept.map((_, at) => Buffer.from(eventAt(accepted.events, at))),
          kept.map(({ bytes }) => Buffer.from(bytes)),
        );
        assert.deepEqual(
          accepted.decoded,
          kept.map(({ event }) => event),
        );
        for (const [at, one] of kept.entries()) {
          const words = new Uint32Array(4);
          assert.ok(readAcceptedId(one, words));
          assert.deepEqual(accepted.ids.slice(4 * at, 4 * at + 4), words);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('refuses alone what the sender may not publish, and says first what else is wrong with it', () => {
    const numbers = fc.subarray(payloadTypes.map(({ number }) => number));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), numbers, (events, permitted) => {
        const mask = Uint8Array.from({ length: 100 }, (_, number) => (permitted.includes(number) ? 1 : 0));
        const running = checks(packEvents(events), receivedAtMicros, mask);
        while (running.next(3));
        const { accepted, rejected } = running.result();
        const reasons = events.map((bytes) => {
          const one = checkOne(bytes, receivedAtMicros);
          if (isRejected(one)) return one.reason;
          return permitted.includes(payloadNumberOf(fromBinary(EventSchema, bytes))) ? undefined : 'EVENT_DENIED';
        });
        const refused = reasons.flatMap((reason, index) => (reason === undefined ? [] : [{ index, reason }]));
        assert.deepEqual(
          rejected.map(({ index, reason }) => ({ index, reason })),
          refused,
        );
        assert.equal(accepted.events.length, events.length - refused.length);
      }),
    );
  });

  test('an event that says no time gets that of its receipt, behind the bytes of the batch', () => {
    const events = [itemViewed('a', { userId: 'u' }), itemViewed('b', { userId: 'u' })];
    const { accepted } = checkAll(events, 256);
    const expected = events.map((bytes) => checkOne(bytes, receivedAtMicros));
    for (const [at, one] of expected.entries()) {
      assert.ok(!isRejected(one) && one.bytes.length > events[at]!.length);
      assert.deepEqual(Buffer.from(eventAt(accepted.events, at)), Buffer.from(one.bytes));
    }
  });
});

test('accepted events are the same as a list, and packed again, and some of them', () => {
  const events = ['a', 'b', 'c', 'd'].map((item) => itemViewed(item, { userId: 'u' }));
  const { accepted } = checkAll(events, 256);
  const list = listEvents(accepted);
  const again = packAccepted(list);
  assert.deepEqual(listEvents(again).map(plain), list.map(plain));
  assert.deepEqual(again.ids, accepted.ids);
  const picked = pickEvents(accepted, Int32Array.of(1, 3));
  assert.deepEqual(listEvents(picked).map(plain), [list[1]!, list[3]!].map(plain));
  assert.deepEqual(picked.ids, Uint32Array.of(...accepted.ids.slice(4, 8), ...accepted.ids.slice(12, 16)));
});

function plain({ bytes, idFrom }: { readonly bytes: Uint8Array; readonly idFrom: number }) {
  return { bytes: Buffer.from(bytes), idFrom };
}
