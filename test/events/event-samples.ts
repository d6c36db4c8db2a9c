/** Events for tests: one valid sample of every payload. */

import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';

export type EventInit = MessageInitShape<typeof EventSchema>;
type Payload = NonNullable<EventInit['payload']>;

let counter = 0;

/** A UUID that no other call in this process gives. */
export function freshEventId(): string {
  counter++;
  return `01910000-0000-7000-8000-${counter.toString(16).padStart(12, '0')}`;
}

export function event(payload: Payload, init: EventInit = {}): Event {
  const message: EventInit = { eventId: freshEventId(), ...init };
  message.payload = payload;
  return create(EventSchema, message);
}

export function eventBytes(payload: Payload, init: EventInit = {}): Uint8Array {
  return toBinary(EventSchema, event(payload, init));
}

export function itemViewed(itemId: string, init: EventInit = {}): Uint8Array {
  return eventBytes({ case: 'itemViewed', value: { itemId } }, init);
}

const sha256 = 'ab'.repeat(32);
const imageId = '01910000-0000-7000-8000-00000000abcd';
const price = { currencyCode: 'EUR', micros: 2_500_000n };

/** One valid payload of each of the 34 types, by local name. */
export const samplePayloads: Readonly<Record<NonNullable<Event['payload']['case']>, Payload>> = {
  itemUpserted: {
    case: 'itemUpserted',
    value: { itemId: 'a', attributes: { title: 'Apple', categories: ['fruit/apple'], price } },
  },
  itemPatched: { case: 'itemPatched', value: { itemId: 'a', set: { brand: 'Orchard' }, unset: ['title'] } },
  itemRemoved: { case: 'itemRemoved', value: { itemId: 'a' } },
  stockChanged: { case: 'stockChanged', value: { itemId: 'a', state: 2, quantity: 0 } },
  priceChanged: { case: 'priceChanged', value: { itemId: 'a', price } },
  itemSimilarityUpserted: {
    case: 'itemSimilarityUpserted',
    value: { name: 'text', itemId: 'a', neighbours: [{ itemId: 'b', similarity: 0.5 }] },
  },
  userUpserted: {
    case: 'userUpserted',
    value: { attributes: { diet: { kind: { case: 'stringValue', value: 'vegan' } } } },
  },
  identityMerged: { case: 'identityMerged', value: {} },
  consentChanged: { case: 'consentChanged', value: { personalised: false } },
  userErased: { case: 'userErased', value: {} },
  pageViewed: { case: 'pageViewed', value: { kind: 1, url: 'https://shop.example/' } },
  listViewed: { case: 'listViewed', value: { listId: 'l', category: 'fruit', itemIds: ['a', 'b'] } },
  itemViewed: { case: 'itemViewed', value: { itemId: 'a', dwellSeconds: 3.5, portion: 1 } },
  itemClicked: { case: 'itemClicked', value: { itemId: 'a', listId: 'l', position: 1 } },
  searchPerformed: { case: 'searchPerformed', value: { query: 'apple', resultItemIds: ['a'] } },
  mediaProgressed: { case: 'mediaProgressed', value: { itemId: 'a', portion: 0.5, completed: false } },
  cartAdded: { case: 'cartAdded', value: { itemId: 'a', quantity: 2, unitPrice: price, cartId: 'c' } },
  cartRemoved: { case: 'cartRemoved', value: { itemId: 'a', quantity: 1, cartId: 'c' } },
  listAdded: { case: 'listAdded', value: { listId: 'wishlist', itemId: 'a' } },
  listRemoved: { case: 'listRemoved', value: { listId: 'wishlist', itemId: 'a' } },
  checkoutStarted: { case: 'checkoutStarted', value: { cartId: 'c', lines: [{ itemId: 'a' }], value: price } },
  itemShared: { case: 'itemShared', value: { itemId: 'a', channel: 'mail' } },
  orderCompleted: {
    case: 'orderCompleted',
    value: { orderId: 'o', lines: [{ itemId: 'a', quantity: 2 }], value: price },
  },
  orderRefunded: { case: 'orderRefunded', value: { orderId: 'o' } },
  itemRated: { case: 'itemRated', value: { itemId: 'a', value: 4, scale: 5 } },
  itemReacted: { case: 'itemReacted', value: { itemId: 'a', reaction: 1 } },
  customInteracted: { case: 'customInteracted', value: { name: 'cooked', itemId: 'a', weight: 2 } },
  recommendationServed: {
    case: 'recommendationServed',
    value: {
      recommendationId: 'r',
      placement: 'home',
      items: [{ itemId: 'a', position: 1, score: 0.5, strategy: 'session' }],
    },
  },
  recommendationSeen: { case: 'recommendationSeen', value: { recommendationId: 'r', positions: [1] } },
  recommendationClicked: { case: 'recommendationClicked', value: { recommendationId: 'r', itemId: 'a', position: 1 } },
  configChanged: { case: 'configChanged', value: { kind: 1, name: 'home', version: '2', bodyJson: '{}' } },
  modelInstalled: { case: 'modelInstalled', value: { kind: 1, name: 'food', version: '1', sha256 } },
  mealScored: {
    case: 'mealScored',
    value: {
      imageId,
      sha256,
      score: 4.2,
      labels: [{ name: 'Apple', confidence: 0.9 }],
      model: { name: 'food', version: '1' },
    },
  },
  mealReviewed: { case: 'mealReviewed', value: { imageId, score: 5, reviewerId: 'expert' } },
};

/** An event of each type that passes every check, with the person it needs. */
export function sampleEvent(type: keyof typeof samplePayloads): Event {
  return event(samplePayloads[type], { userId: 'u', visitorId: 'v', sessionId: 's' });
}
