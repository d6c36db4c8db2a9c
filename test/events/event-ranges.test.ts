import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventAt, packEvents } from '../../src/events/event-ranges.ts';

test('packed events are as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (events) => {
      const packed = packEvents(events);
      assert.equal(packed.length, events.length);
      assert.deepEqual(
        events.map((_, at) => eventAt(packed, at)),
        events,
      );
    }),
  );
});
