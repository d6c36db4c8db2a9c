import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { createWorkload, mix } from '../../bench/workload.ts';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { isRejected } from '../../src/events/checked-event.ts';
import { createEventCheck } from '../../src/events/checking.ts';
import { payloadTypes } from '../../src/events/payloads.ts';

const startMicros = 1_700_000_000_000_000;
const count = 20_000;

function bytesOf(seed: number, events = count): Uint8Array[] {
  const workload = createWorkload({ seed, startMicros });
  return Array.from({ length: events }, () => workload.nextBytes());
}

describe('the made-up traffic', () => {
  const events = bytesOf(1);

  it('passes every check', () => {
    const check = createEventCheck({ maxEventBytes: 262_144, maxFutureMicros: 0 });
    for (const bytes of events) {
      const verdict = check(bytes, startMicros + count * 1_000);
      assert.ok(
        !isRejected(verdict),
        JSON.stringify(verdict, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      );
    }
  });

  it('has a weight for every type but user_erased, and mostly views', () => {
    const names = payloadTypes.map(({ localName }) => localName).filter((name) => name !== 'userErased');
    assert.deepEqual(Object.keys(mix).toSorted(), names.toSorted());
    const seen = new Map<string | undefined, number>();
    for (const bytes of events) {
      const type = fromBinary(EventSchema, bytes).payload.case;
      seen.set(type, (seen.get(type) ?? 0) + 1);
    }
    assert.ok((seen.get('itemViewed') ?? 0) / count > 0.5);
    assert.ok(seen.size >= 30, `${seen.size} types`);
  });

  it('has about 160 bytes an event, and no id twice', () => {
    const mean = events.reduce((sum, { length }) => sum + length, 0) / count;
    assert.ok(mean > 140 && mean < 180, `${mean} bytes`);
    assert.equal(new Set(events.map((bytes) => fromBinary(EventSchema, bytes).eventId)).size, count);
  });

  it('is the same from the same seed, with other ids from another', () => {
    assert.deepEqual(bytesOf(1, 100), events.slice(0, 100));
    assert.notDeepEqual(bytesOf(2, 100), events.slice(0, 100));
  });
});
