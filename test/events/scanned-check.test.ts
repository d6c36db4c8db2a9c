import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { ScannedCheck } from '../../src/events/scanned-check.ts';
import { scannedPayloads } from '../../src/events/scanned-event.ts';
import { EventScanner } from '../../src/events/scanner.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { messageOf } from './any-message.ts';

const receivedAtMicros = 1_700_000_000_000_000;
const maxFutureMicros = 300_000_000;
const check = new ScannedCheck({ maxEventBytes: 65_536, maxFutureMicros });
const scanner = new EventScanner();
const validator = createValidator({ failFast: true });

/** Whether protovalidate finds these bytes good, and their time is none of the future. */
function isGood(bytes: Uint8Array): boolean {
  const event = fromBinary(EventSchema, bytes);
  const { occurredAt } = event;
  const isPast =
    occurredAt === undefined ||
    (occurredAt.nanos <= 999_999_999 && microsOf(occurredAt) - receivedAtMicros <= maxFutureMicros);
  return isPast && validator.validate(EventSchema, event).kind === 'valid';
}

describe('the scanned check says what protovalidate says', () => {
  const whole = messageOf(EventSchema);
  for (const name of scannedPayloads) {
    test(`of ${name}`, () => {
      const payload = messageOf(EventSchema.field[name]!.message!);
      let good = 0;
      fc.assert(
        fc.property(whole, payload, fc.boolean(), fc.uuid(), (init, value, isPlain, eventId) => {
          const common = isPlain ? { eventId, userId: 'ann' } : { ...init, eventId };
          const bytes = toBinary(EventSchema, create(EventSchema, { ...common, payload: { case: name, value } }));
          const expected = scanner.scan(bytes) && isGood(bytes);
          assert.equal(check.verdictOn(bytes, 0, bytes.length, receivedAtMicros) !== 'unread', expected);
          if (expected) good++;
        }),
        // An order has to have lines, and all of them good: one in a hundred is.
        { numRuns: name === 'orderCompleted' ? 800 : 200 },
      );
      assert.ok(good > 0, 'none of them was good');
    });
  }
});
