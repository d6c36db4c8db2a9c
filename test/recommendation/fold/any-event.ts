/** Arbitrary events of all types over a few ids, for property tests. */
import fc from 'fast-check';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { event } from './events.ts';

const itemId = fc.constantFrom('apple', 'bread', 'cheese', 'dates', 'eggs', 'figs', 'grapes', 'ham');
const category = fc.constantFrom('fruit', 'fruit/red', 'dairy', 'dairy/hard', 'meat');
const quantity = fc.constantFrom(1, 2, 0.5, 3);
const line = fc.record({ itemId, quantity });
const lines = fc.array(line, { minLength: 1, maxLength: 4 });
const orderId = fc.constantFrom('o1', 'o2', 'o3');
const imageId = fc.constantFrom('i1', 'i2', 'i3');
const money = fc.record({ currencyCode: fc.constantFrom('EUR', 'USD'), micros: fc.bigInt(0n, 10_000_000n) });
const items = fc.array(itemId, { maxLength: 5 });
const recommendationId = fc.constantFrom('r1', 'r2', 'r3', 'r4');
const categories = fc.uniqueArray(category, { maxLength: 3 });
const attributes = fc.record({ title: fc.string({ maxLength: 5 }), categories, price: money }, { requiredKeys: [] });

const common = fc.record(
  {
    user: fc.constantFrom('ann', 'bob'),
    visitor: fc.constantFrom('v1', 'v2', 'v3'),
    session: fc.constantFrom('s1', 's2', 's3', 's4'),
    at: fc.integer({ min: 0, max: 40 * 86_400 }),
  },
  { requiredKeys: ['at'] },
);

const payload = fc.oneof(
  { weight: 6, arbitrary: made('itemViewed', fc.record({ itemId })) },
  made('itemClicked', fc.record({ itemId })),
  made('itemUpserted', fc.record({ itemId, attributes })),
  made('itemPatched', fc.record({ itemId, set: attributes, unset: fc.subarray(['title', 'categories', 'custom.a']) })),
  made('itemRemoved', fc.record({ itemId })),
  made('stockChanged', fc.record({ itemId, state: fc.integer({ min: 1, max: 3 }) })),
  made('priceChanged', fc.record({ itemId, price: money })),
  made('itemSimilarityUpserted', likeness()),
  made('userUpserted', fc.record({ attributes: fc.constant({ diet: { kind: { case: 'boolValue', value: true } } }) })),
  made('identityMerged', fc.constant({})),
  made('consentChanged', fc.record({ personalised: fc.boolean() })),
  made('userErased', fc.constant({})),
  made('pageViewed', fc.record({ kind: fc.integer({ min: 1, max: 6 }) })),
  made('listViewed', fc.record({ itemIds: items })),
  made('searchPerformed', fc.record({ query: fc.constant('q'), resultItemIds: items })),
  made('mediaProgressed', fc.record({ itemId, completed: fc.boolean() })),
  made('cartAdded', fc.record({ itemId, quantity })),
  made('cartRemoved', fc.record({ itemId, quantity })),
  made('listAdded', fc.record({ itemId, listId: fc.constantFrom('wish', 'later') })),
  made('listRemoved', fc.record({ itemId, listId: fc.constantFrom('wish', 'later') })),
  made('checkoutStarted', fc.record({ lines })),
  made('itemShared', fc.record({ itemId })),
  made('orderCompleted', fc.record({ orderId, lines, value: money })),
  made('orderRefunded', fc.record({ orderId, lines: fc.array(line, { maxLength: 2 }), value: money })),
  made('itemRated', fc.record({ itemId, value: fc.integer({ min: 0, max: 5 }) })),
  made('itemReacted', fc.record({ itemId, reaction: fc.integer({ min: 1, max: 5 }) })),
  made('customInteracted', fc.record({ itemId, name: fc.constant('cooked'), weight: fc.integer({ min: -2, max: 3 }) })),
  made('recommendationServed', served()),
  made('recommendationSeen', fc.record({ recommendationId, positions: fc.subarray([1, 2, 3]) })),
  made('recommendationClicked', fc.record({ recommendationId, itemId })),
  made(
    'configChanged',
    fc.record({ kind: fc.integer({ min: 1, max: 3 }), name: fc.constant('home'), bodyJson: body() }),
  ),
  made('modelInstalled', fc.record({ kind: fc.constantFrom(1, 2), name: fc.constant('m'), version: fc.constant('1') })),
  made('mealScored', fc.record({ imageId, score: fc.integer({ min: 1, max: 5 }), itemId })),
  made('mealReviewed', fc.record({ imageId, score: fc.integer({ min: 1, max: 5 }) })),
);

/** Any event, in any order of times. */
export const anyEvent: fc.Arbitrary<Event> = fc
  .tuple(payload, common)
  .map(([one, who]) => event(one.type as 'itemViewed', one.value as { itemId: string }, who));

/** Any journal of one tenant, not empty. */
export const anyJournal = fc.array(anyEvent, { minLength: 1, maxLength: 60 });

function made<V>(type: string, value: fc.Arbitrary<V>): fc.Arbitrary<{ type: string; value: V }> {
  return value.map((one) => ({ type, value: one }));
}

function body() {
  return fc.constantFrom('', '{"limit":5}');
}

function likeness() {
  const neighbours = fc.array(fc.record({ itemId, similarity: fc.constantFrom(1, 0.5) }), { maxLength: 3 });
  return fc.record({ itemId, name: fc.constantFrom('text', 'image'), neighbours });
}

function served() {
  const shown = fc.array(fc.record({ itemId, strategy: fc.constantFrom('session', 'trending') }), { maxLength: 3 });
  return fc.record({ recommendationId, placement: fc.constantFrom('home', 'item'), items: shown });
}
