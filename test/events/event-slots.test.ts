import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventSlots, mostSlotWords } from '../../src/events/event-slots.ts';
import { kinds } from '../../src/events/scan-layout.ts';
import { eventLayout, slotCount } from '../../src/events/scanned-event.ts';
import { EventScanner } from '../../src/events/scanner.ts';
// Says what is wanted of events.
import '../../src/recommendation/fold/apply/scanned.ts';
import { eventBytes, samplePayloads } from './event-samples.ts';

describe('EventSlots', () => {
  for (const [name, payload] of Object.entries(samplePayloads)) {
    it(`of ${name} are the same when they were written and loaded`, () => {
      const scanner = new EventScanner('wanted');
      // What was set of the event before is not set of this one.
      scanner.scan(eventBytes(samplePayloads.orderCompleted));
      const bytes = eventBytes(payload, { userId: 'ann', sessionId: 's' });
      assert.ok(scanner.scan(bytes));
      const words = new Int32Array(7 + mostSlotWords);
      const end = scanner.write(words, 7);
      const loaded = new EventSlots();
      loaded.load(eventBytes(samplePayloads.orderCompleted), words, 7);
      assert.equal(loaded.load(bytes, words, 7), end);
      assert.deepEqual(contentOf(loaded), contentOf(scanner));
    });
  }
});

/** Of fields in lists of messages: they are read anew with each element. */
const ofElements = new Set<number>();
for (const payload of eventLayout.children) {
  for (const [number, child] of payload?.children.entries() ?? []) {
    if (child === undefined || payload!.kinds[number] !== kinds.messages) continue;
    for (let slot = child.firstSlot; slot < child.endSlot; slot++) ofElements.add(slot);
  }
}
const slotsOfEvents = Array.from({ length: slotCount }, (_, slot) => slot).filter((slot) => !ofElements.has(slot));

function contentOf(slots: EventSlots): unknown {
  const set = slotsOfEvents.filter((slot) => slots.has(slot));
  return {
    payload: slots.payload,
    atMicros: slots.occurredAtMicros(),
    slots: set.map((slot) => [slot, slots.text(slot), slots.number(slot)]),
    elements: Array.from({ length: slots.elements }, (_, i) => [slots.elementFrom(i), slots.elementTo(i)]),
  };
}
