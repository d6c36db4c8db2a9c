import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { effectsTable, tableIn } from '../../../scripts/effects-table.ts';
import { appliers } from '../../../src/recommendation/fold/apply/dispatch.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { effects } from '../../../src/recommendation/fold/effects.ts';
import { eventTypeName, eventTypeNumbers, type PayloadCase } from '../../../src/recommendation/fold/event-types.ts';
import { samplePayloads } from '../../events/event-samples.ts';
import { event, folded } from './events.ts';

const fields = EventSchema.fields.filter((field) => field.oneof?.name === 'payload');
const cases = fields.map((field) => field.localName).sort();

describe('effects', () => {
  it('has a sentence and an applier for each of the 34 types, and for nothing else', () => {
    assert.equal(cases.length, 34);
    assert.deepEqual(Object.keys(effects).sort(), cases);
    assert.deepEqual(Object.keys(appliers).sort(), cases);
    for (const sentence of Object.values(effects)) assert.match(sentence, /^[A-Z][^\n]{10,160}\.$/);
  });

  it('is the table in ARCHITECTURE.md', () => {
    const page = readFileSync(new URL('../../../ARCHITECTURE.md', import.meta.url), 'utf8');
    assert.equal(tableIn(page), effectsTable(), 'run node scripts/effects-table.ts');
  });

  for (const name of cases as PayloadCase[]) {
    it(`is real for ${name}: without its applier the state is another`, () => {
      const journal = [...past, sample(name)];
      const withEffect = digestOf(folded(journal));
      const { [name]: applier } = appliers;
      const open = appliers as Record<PayloadCase, unknown>;
      open[name] = () => undefined;
      try {
        assert.notEqual(digestOf(folded(journal)), withEffect);
      } finally {
        open[name] = applier;
      }
    });
  }

  it('numbers and names the types as the contract does', () => {
    for (const field of fields) {
      assert.equal(eventTypeNumbers[field.localName as keyof typeof eventTypeNumbers], field.number);
      assert.equal(eventTypeName(field.number), field.name);
    }
    assert.equal(eventTypeName(1), '');
  });
});

/** So that each type finds something to change. */
const ann = { user: 'ann', visitor: 'v', session: 's' };
const past: readonly Event[] = [
  event('itemUpserted', { itemId: 'a', attributes: { title: 'A', categories: ['x'] } }),
  event('itemViewed', { itemId: 'b' }, { ...ann, at: 1 }),
  event('cartAdded', { itemId: 'a', quantity: 5, cartId: 'c' }, { ...ann, at: 2 }),
  event('listAdded', { itemId: 'a', listId: 'wishlist' }, { ...ann, at: 3 }),
  event('orderCompleted', { orderId: 'o', lines: [{ itemId: 'a', quantity: 1 }] }, { ...ann, at: 4 }),
  event(
    'recommendationServed',
    { recommendationId: 'r', placement: 'home', items: [{ itemId: 'a' }] },
    { ...ann, at: 5 },
  ),
  event('itemViewed', { itemId: 'c' }, { visitor: 'w', session: 't', at: 6 }),
];

function sample(name: PayloadCase): Event {
  const visitor = name === 'identityMerged' ? 'w' : 'v';
  const one = event('listViewed', {}, { ...ann, visitor, at: 10 });
  one.payload = create(EventSchema, { payload: samplePayloads[name] }).payload;
  return one;
}
