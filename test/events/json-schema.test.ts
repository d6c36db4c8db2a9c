import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toJson } from '@bufbuild/protobuf';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { eventJsonSchema } from '../../src/events/json-schema.ts';
import { sampleEvent, samplePayloads } from './event-samples.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
formats.default(ajv);
const validate = ajv.compile(eventJsonSchema());
const eventId = '01910000-0000-7000-8000-000000000001';

describe('every type of event fits the schema', () => {
  for (const type of Object.keys(samplePayloads) as (keyof typeof samplePayloads)[]) {
    test(type, () => {
      assert.equal(validate(toJson(EventSchema, sampleEvent(type))), true, JSON.stringify(validate.errors));
    });
  }
});

describe('what the field rules forbid does not fit', () => {
  const cases: readonly [string, unknown][] = [
    ['no event id', { itemViewed: { itemId: 'a' } }],
    ['no payload', { eventId }],
    ['two payloads', { eventId, itemViewed: { itemId: 'a' }, itemRemoved: { itemId: 'a' } }],
    ['an empty id', { eventId, itemViewed: { itemId: '' } }],
    ['no id', { eventId, itemViewed: {} }],
    ['a field that does not exist', { eventId, itemViewed: { itemId: 'a', colour: 'red' } }],
    ['an enum of 0', { eventId, itemReacted: { itemId: 'a', reaction: 'REACTION_UNSPECIFIED' } }],
    ['a portion above 1', { eventId, itemViewed: { itemId: 'a', portion: 1.5 } }],
    [
      'a currency of two letters',
      { eventId, priceChanged: { itemId: 'a', price: { currencyCode: 'EU', micros: '1' } } },
    ],
    ['an order of nothing', { eventId, orderCompleted: { orderId: 'o', lines: [] } }],
  ];
  for (const [name, event] of cases) test(name, () => assert.equal(validate(event), false));
});
