import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEventId, readEventId } from '../../src/events/event-id.ts';
import { itemViewed } from './event-samples.ts';

const wordsOf = (uuid: string): number[] =>
  (uuid.replaceAll('-', '').match(/.{8}/g) ?? []).map((digits) => Number.parseInt(digits, 16));

test('a UUID is read as its 128 bits, without case', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.boolean(), (uuid, upper) => {
      const words = new Uint32Array(4);
      assert.equal(parseEventId(upper ? uuid.toUpperCase() : uuid, words), true);
      assert.deepEqual([...words], wordsOf(uuid));
    }),
  );
});

test('what is no UUID is refused', () => {
  const words = new Uint32Array(4);
  fc.assert(fc.property(fc.string({ minLength: 36, maxLength: 36 }), (text) => parseEventId(text, words) === false));
  assert.equal(parseEventId('0191000000007000800000000000000100', words), false);
  assert.equal(parseEventId('01910000-0000-7000-8000-00000000000ı', words), false);
});

test('the id of an event is found in its bytes', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const words = new Uint32Array(4);
      assert.equal(readEventId(itemViewed('a', { eventId: uuid, userId: 'u' }), words), true);
      assert.deepEqual([...words], wordsOf(uuid));
    }),
  );
});

test('an event without an id has none', () => {
  assert.equal(readEventId(itemViewed('a', { eventId: '' }), new Uint32Array(4)), false);
});
