/** The payloads of the made-up traffic: one function a type, each a plausible event of a shop. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PageKind } from '../gen/palate/event/v1/browse_pb.ts';
import type { Event, EventSchema } from '../gen/palate/event/v1/event_pb.ts';
import type { Reaction } from '../gen/palate/event/v1/outcome_pb.ts';
import type { Random } from './random.ts';

type Payload = NonNullable<MessageInitShape<typeof EventSchema>['payload']>;

/** All but `user_erased`, after which a user's events are turned away. */
export type WorkloadType = Exclude<NonNullable<Event['payload']['case']>, 'userErased'>;

/** Makes a payload. `item` draws the session's next item, as often as it is called. */
export type MakePayload = (item: () => string, sessionId: string) => Payload;

const imageId = '01910000-0000-7000-8000-00000000abcd';
const sha256 = 'ab'.repeat(32);

/** The makers of all types, over one source of chance. */
export function createPayloads(random: Random): Readonly<Record<WorkloadType, MakePayload>> {
  return {
    ...browse(random),
    ...catalogue(random),
    ...intent(random),
    ...outcome(random),
    ...loop(random),
    ...rest(random),
  };
}

function price(random: Random) {
  return { currencyCode: 'EUR', micros: BigInt(random.below(20_000)) * 10_000n };
}

function several<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function category(item: string): string {
  return `department-${Number(item) % 12}/shelf-${Number(item) % 96}`;
}

function browse(random: Random) {
  return {
    itemViewed: (item) => ({
      case: 'itemViewed',
      value: { itemId: item(), ...(random.next() < 0.5 ? { dwellSeconds: random.below(120) / 2 } : {}) },
    }),
    pageViewed: (item) => ({
      case: 'pageViewed',
      value: {
        kind: (1 + random.below(6)) as PageKind,
        url: `https://shop.example/page/${random.below(500)}`,
        category: category(item()),
      },
    }),
    listViewed: (item) => ({
      case: 'listViewed',
      value: { listId: `list-${random.below(200)}`, category: category(item()), itemIds: several(12, item) },
    }),
    itemClicked: (item) => ({
      case: 'itemClicked',
      value: { itemId: item(), listId: `list-${random.below(200)}`, position: 1 + random.below(24) },
    }),
    searchPerformed: (item) => ({
      case: 'searchPerformed',
      value: { query: `something ${random.below(5_000)}`, sort: 'relevance', resultItemIds: several(10, item) },
    }),
    mediaProgressed: (item) => ({
      case: 'mediaProgressed',
      value: { itemId: item(), portion: random.below(100) / 100, completed: false },
    }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}

function catalogue(random: Random) {
  return {
    itemUpserted: (item) => {
      const itemId = item();
      return {
        case: 'itemUpserted',
        value: {
          itemId,
          attributes: {
            title: `Item ${itemId}, a thing of some use`,
            description: 'It comes in a box, and does what it is for.',
            itemType: 'product',
            categories: [category(itemId)],
            tags: ['new', 'sale', 'green'].slice(random.below(3)),
            price: price(random),
            brand: `Brand ${Number(itemId) % 300}`,
            url: `https://shop.example/item/${itemId}`,
          },
        },
      };
    },
    itemPatched: (item) => ({ case: 'itemPatched', value: { itemId: item(), set: { price: price(random) } } }),
    // Not one that is much looked at: shops keep those.
    itemRemoved: () => ({ case: 'itemRemoved', value: { itemId: String(10_000 + random.below(40_000)) } }),
    stockChanged: (item) => ({
      case: 'stockChanged',
      value: { itemId: item(), state: random.next() < 0.9 ? 1 : 2, quantity: random.below(100) },
    }),
    priceChanged: (item) => ({ case: 'priceChanged', value: { itemId: item(), price: price(random) } }),
    itemSimilarityUpserted: (item) => ({
      case: 'itemSimilarityUpserted',
      value: {
        name: 'text',
        itemId: item(),
        neighbours: several(20, () => ({ itemId: item(), similarity: random.next() })),
      },
    }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}

function intent(random: Random) {
  const line = (item: () => string) => ({ itemId: item(), quantity: 1 + random.below(3), unitPrice: price(random) });
  const cartId = (sessionId: string) => `cart-${sessionId}`;
  return {
    cartAdded: (item, session) => ({ case: 'cartAdded', value: { ...line(item), cartId: cartId(session) } }),
    cartRemoved: (item, session) => ({
      case: 'cartRemoved',
      value: { itemId: item(), quantity: 1, cartId: cartId(session) },
    }),
    listAdded: (item) => ({ case: 'listAdded', value: { listId: 'wishlist', itemId: item() } }),
    listRemoved: (item) => ({ case: 'listRemoved', value: { listId: 'wishlist', itemId: item() } }),
    checkoutStarted: (item, session) => ({
      case: 'checkoutStarted',
      value: { cartId: cartId(session), lines: several(1 + random.below(4), () => line(item)), value: price(random) },
    }),
    itemShared: (item) => ({ case: 'itemShared', value: { itemId: item(), channel: 'mail' } }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}

function outcome(random: Random) {
  let orders = 0;
  return {
    orderCompleted: (item, session) => ({
      case: 'orderCompleted',
      value: {
        orderId: `order-${session}-${orders++}`,
        lines: several(1 + random.below(4), () => ({ itemId: item(), quantity: 1, unitPrice: price(random) })),
        value: price(random),
      },
    }),
    orderRefunded: (_, session) => ({
      case: 'orderRefunded',
      value: { orderId: `order-${session}-${random.below(orders + 1)}` },
    }),
    itemRated: (item) => ({ case: 'itemRated', value: { itemId: item(), value: 1 + random.below(5), scale: 5 } }),
    itemReacted: (item) => ({
      case: 'itemReacted',
      value: { itemId: item(), reaction: (1 + random.below(5)) as Reaction },
    }),
    customInteracted: (item) => ({ case: 'customInteracted', value: { name: 'cooked', itemId: item(), weight: 2 } }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}

function loop(random: Random) {
  let served = 0;
  const recent = () => `r-${Math.max(0, served - 1 - random.below(500))}`;
  return {
    recommendationServed: (item) => ({
      case: 'recommendationServed',
      value: {
        recommendationId: `r-${served++}`,
        placement: 'home',
        items: several(10, (index) => ({
          itemId: item(),
          position: index + 1,
          score: random.next(),
          strategy: 'session',
        })),
      },
    }),
    recommendationSeen: () => ({
      case: 'recommendationSeen',
      value: { recommendationId: recent(), positions: several(1 + random.below(10), (index) => index + 1) },
    }),
    recommendationClicked: (item) => ({
      case: 'recommendationClicked',
      value: { recommendationId: recent(), itemId: item(), position: 1 + random.below(10) },
    }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}

function rest(random: Random) {
  return {
    userUpserted: () => ({
      case: 'userUpserted',
      value: { attributes: { diet: { kind: { case: 'stringValue', value: 'vegan' } } } },
    }),
    identityMerged: () => ({ case: 'identityMerged', value: {} }),
    consentChanged: () => ({ case: 'consentChanged', value: { personalised: random.next() < 0.9 } }),
    configChanged: () => ({
      case: 'configChanged',
      value: { kind: 3, name: `trial-${random.below(5)}`, version: '1', bodyJson: '{"share":0.5}' },
    }),
    modelInstalled: () => ({ case: 'modelInstalled', value: { kind: 1, name: 'food', version: '1', sha256 } }),
    mealScored: (item) => ({
      case: 'mealScored',
      value: {
        imageId,
        sha256,
        score: 1 + random.below(41) / 10,
        labels: [{ name: 'Apple', confidence: 0.9 }],
        model: { name: 'food', version: '1' },
        itemId: item(),
      },
    }),
    mealReviewed: () => ({ case: 'mealReviewed', value: { imageId, score: 5, reviewerId: 'expert' } }),
  } satisfies Partial<Record<WorkloadType, MakePayload>>;
}
