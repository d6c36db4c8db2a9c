import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { mealEventId } from '../../../src/scoring/stages/meal-event-id.ts';
import { mealReviewed, mealScored } from '../meal-samples.ts';

const imageId = '01932f0e-8f5a-7c31-9d42-1f2e3d4c5b6a';
const id = (event: Event, more: MessageInitShape<typeof EventSchema> = {}) =>
  mealEventId(create(EventSchema, { ...event, ...more } as MessageInitShape<typeof EventSchema>));

describe('the id of MealScored', () => {
  const event = mealScored({ imageId });

  test('is a UUID of version 8, and stays what it is', () => {
    assert.match(id(event), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(id(event), id(mealScored({ imageId: imageId.toUpperCase() })));
    assert.equal(
      id(mealScored({ imageId, model: { name: 'food', version: '1' } })),
      '4aff8a59-5794-8a57-a350-9d0e6f18b544',
    );
  });

  test('does not follow what the model said, nor when', () => {
    assert.equal(id(event), id(mealScored({ imageId, score: 1.25, labels: [{ name: 'Apple', confidence: 1 }] })));
    assert.equal(id(event), id(event, { occurredAt: timestampFromMs(12_345), eventId: imageId }));
  });

  test('follows the image, the model, the person and the item', () => {
    const others = [
      id(event),
      id(mealScored({ imageId: imageId.replace('0', '1') })),
      id(mealScored({ imageId, model: { name: 'other', version: '1' } })),
      id(mealScored({ imageId, model: { name: 'food', version: '2' } })),
      id(mealScored({ imageId, itemId: '42' })),
      id(event, { userId: 'u' }),
      id(event, { visitorId: 'u' }),
    ];
    assert.equal(new Set(others).size, others.length);
  });
});

describe('the id of MealReviewed', () => {
  const event = mealReviewed({ imageId, score: 4 });

  test('follows every word, and its moment', () => {
    const others = [
      id(event),
      id(mealReviewed({ imageId, score: 5 })),
      id(mealReviewed({ imageId })),
      id(mealReviewed({ imageId, score: 4, labels: ['a', 'b'] })),
      id(mealReviewed({ imageId, score: 4, labels: ['a,b'] })),
      id(mealReviewed({ imageId, score: 4, reviewerId: 'other' })),
      id(mealReviewed({ imageId, score: 4, comment: 'x' })),
      id(event, { occurredAt: timestampFromMs(1) }),
      id(event, { occurredAt: timestampFromMs(2) }),
      id(mealScored({ imageId })),
    ];
    assert.equal(new Set(others).size, others.length);
    assert.equal(id(event), id(mealReviewed({ imageId, score: 4 })));
  });
});

test('other events have none', () => {
  const event = create(EventSchema, { payload: { case: 'itemViewed', value: { itemId: '1' } } });
  assert.throws(() => mealEventId(event), { reason: 'INTERNAL' });
});
