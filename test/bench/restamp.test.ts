import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { restamp } from '../../bench/restamp.ts';
import { createWorkload } from '../../bench/workload.ts';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';

const startMicros = 1_700_000_000_000_000;

describe('the next lap of the made-up traffic', () => {
  it('has other ids, later times and other sessions, and nothing else', () => {
    const workload = createWorkload({ seed: 1, startMicros });
    for (let made = 0; made < 500; made++) {
      const bytes = Buffer.from(workload.nextBytes());
      const before = fromBinary(EventSchema, bytes);
      restamp(bytes, 0, bytes.length, { number: 3, seconds: 70_000, sessionLaps: 5 });
      const after = fromBinary(EventSchema, bytes);
      assert.equal(after.eventId, `a0000003${before.eventId.slice(8)}`);
      assert.equal(after.sessionId, `d${before.sessionId.slice(1)}`);
      assert.equal(after.occurredAt!.seconds, before.occurredAt!.seconds + 70_000n);
      const { eventId, sessionId, occurredAt } = before;
      assert.deepEqual(
        toBinary(EventSchema, create(EventSchema, { ...after, eventId, sessionId, ...(occurredAt && { occurredAt }) })),
        toBinary(EventSchema, before),
      );
    }
  });

  it('gives no id twice over its laps', () => {
    const bytes = Buffer.from(createWorkload({ seed: 1, startMicros }).nextBytes());
    const ids = new Set([fromBinary(EventSchema, bytes).eventId]);
    for (let number = 1; number <= 100; number++) {
      restamp(bytes, 0, bytes.length, { number, seconds: 1, sessionLaps: 1 });
      ids.add(fromBinary(EventSchema, bytes).eventId);
    }
    assert.equal(ids.size, 101);
    assert.equal(fromBinary(EventSchema, bytes).occurredAt!.seconds, BigInt(startMicros / 1e6) + 100n);
  });
});
