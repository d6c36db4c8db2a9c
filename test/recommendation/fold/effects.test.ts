import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { appliers } from '../../../src/recommendation/fold/apply/dispatch.ts';
import { effects } from '../../../src/recommendation/fold/effects.ts';
import { eventTypeName, eventTypeNumbers } from '../../../src/recommendation/fold/event-types.ts';

const fields = EventSchema.fields.filter((field) => field.oneof?.name === 'payload');
const cases = fields.map((field) => field.localName).sort();

describe('effects', () => {
  it('has a sentence and an applier for each of the 34 types, and for nothing else', () => {
    assert.equal(cases.length, 34);
    assert.deepEqual(Object.keys(effects).sort(), cases);
    assert.deepEqual(Object.keys(appliers).sort(), cases);
    for (const sentence of Object.values(effects)) assert.match(sentence, /^[A-Z][^\n]{10,160}\.$/);
  });

  it('numbers and names the types as the contract does', () => {
    for (const field of fields) {
      assert.equal(eventTypeNumbers[field.localName as keyof typeof eventTypeNumbers], field.number);
      assert.equal(eventTypeName(field.number), field.name);
    }
    assert.equal(eventTypeName(1), '');
  });
});
