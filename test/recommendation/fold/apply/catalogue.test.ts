import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StockState } from '../../../../gen/palate/event/v1/catalogue_pb.ts';
import { event, folded, item, secondMicros, startSeconds } from '../events.ts';

const text = (value: string) => ({ kind: { case: 'stringValue' as const, value } });
const eur = (micros: bigint) => ({ currencyCode: 'EUR', micros });
const heldEur = (micros: number) => ({ currencyCode: 'EUR', micros });
const now = startSeconds * secondMicros;
const full = {
  title: 'Apple',
  categories: ['fruit/apple', 'snack'],
  tags: ['red'],
  price: eur(500_000n),
  custom: { colour: text('red'), size: text('L') },
};
const upsert = event('itemUpserted', { itemId: 'a', attributes: full });

describe('itemUpserted', () => {
  it('describes an item and puts it into its categories and those above them', () => {
    const tenant = folded([upsert]);
    const a = item(tenant, 'a');
    const description = tenant.catalogue.describedBy(a)!;
    assert.equal(description.title, 'Apple');
    assert.deepEqual(description.price, heldEur(500_000));
    assert.deepEqual(
      [...description.custom],
      [
        ['colour', 'red'],
        ['size', 'L'],
      ],
    );
    assert.deepEqual(tenant.catalogue.categoriesOf(a), ['fruit', 'fruit/apple', 'snack']);
    assert.ok(tenant.catalogue.isEligible(a, now));
  });

  it('replaces all attributes and leaves the stock', () => {
    const tenant = folded([
      upsert,
      event('stockChanged', { itemId: 'a', state: 2 }),
      event('itemUpserted', { itemId: 'a', attributes: { brand: 'B' } }),
    ]);
    const description = tenant.catalogue.describedBy(0)!;
    assert.deepEqual(
      { ...description, custom: [...description.custom] },
      { categories: [], tags: [], custom: [], brand: 'B' },
    );
    assert.equal(tenant.catalogue.isEligible(0, now), false);
  });

  it('makes the item the newest', () => {
    const named = (itemId: string) => event('itemUpserted', { itemId, attributes: {} });
    const tenant = folded([event('itemViewed', { itemId: 'z' }), named('a'), named('b'), named('c'), named('a')]);
    const ids = (limit: number) => tenant.catalogue.newest(limit, () => true).map((one) => tenant.catalogue.idOf(one));
    assert.deepEqual(ids(9), ['a', 'c', 'b', 'z']);
    assert.deepEqual(ids(2), ['a', 'c']);
    assert.deepEqual(tenant.catalogue.newest(9, () => true, 1).length, 1);
  });

  it('keeps the item within its window', () => {
    const at = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 0 });
    const attributes = { availableFrom: at(startSeconds), availableTo: at(startSeconds + 10) };
    const tenant = folded([event('itemUpserted', { itemId: 'a', attributes })]);
    const eligible = [-1, 0, 9, 10].map((second) => tenant.catalogue.isEligible(0, now + second * secondMicros));
    assert.deepEqual(eligible, [false, true, true, false]);
  });
});

describe('itemPatched', () => {
  it('unsets before it sets, by name', () => {
    const patch = event('itemPatched', {
      itemId: 'a',
      unset: ['title', 'tags', 'custom.colour', 'custom.size', 'nonsense'],
      set: { categories: ['meat'], custom: { size: text('S') } },
    });
    const description = folded([upsert, patch]).catalogue.describedBy(0)!;
    assert.equal(description.title, undefined);
    assert.deepEqual(description.tags, []);
    assert.deepEqual(description.categories, ['meat']);
    assert.deepEqual([...description.custom], [['size', 'S']]);
    assert.deepEqual(description.price, heldEur(500_000));
  });

  it('leaves what it does not name', () => {
    const description = folded([
      upsert,
      event('itemPatched', { itemId: 'a', set: { title: 'Pear' } }),
    ]).catalogue.describedBy(0)!;
    assert.equal(description.title, 'Pear');
    assert.deepEqual(description.categories, ['fruit/apple', 'snack']);
    assert.equal(description.custom.get('colour'), 'red');
  });

  it('describes an item that was known by behaviour only', () => {
    const tenant = folded([
      event('itemViewed', { itemId: 'a' }),
      event('itemPatched', { itemId: 'a', set: { title: 'A' } }),
    ]);
    assert.equal(tenant.catalogue.describedBy(0)?.title, 'A');
  });

  it('takes popularity along when categories change', () => {
    const tenant = folded([
      upsert,
      event('itemViewed', { itemId: 'a' }, { session: 's' }),
      event('itemPatched', { itemId: 'a', set: { categories: ['meat'] } }),
    ]);
    assert.deepEqual(
      tenant.popularity.top('meat', 5, () => true),
      [0],
    );
    assert.deepEqual(
      tenant.popularity.top('fruit', 5, () => true),
      [],
    );
    assert.equal(tenant.trending.scoreOf(0, 'meat'), 1);
  });
});

describe('itemRemoved', () => {
  const removed = event('itemRemoved', { itemId: 'a' });

  it('makes the item ineligible and empties its description', () => {
    const tenant = folded([upsert, event('itemViewed', { itemId: 'a' }), removed]);
    assert.equal(tenant.catalogue.isEligible(0, now), false);
    assert.equal(tenant.catalogue.describedBy(0), undefined);
    assert.deepEqual(
      tenant.popularity.top('fruit', 5, () => true),
      [],
    );
    assert.equal(tenant.popularity.scoreOf(0), 1);
  });

  it('holds against patches and prices, until the item is upserted', () => {
    const patch = event('itemPatched', { itemId: 'a', set: { title: 'B' } });
    const price = event('priceChanged', { itemId: 'a', price: eur(1n) });
    const gone = folded([upsert, removed, patch, price]);
    assert.equal(gone.catalogue.isEligible(0, now), false);
    assert.equal(gone.catalogue.describedBy(0), undefined);
    const back = folded([upsert, event('itemViewed', { itemId: 'a' }), removed, patch, upsert]);
    assert.ok(back.catalogue.isEligible(0, now));
    assert.equal(back.catalogue.describedBy(0)?.title, 'Apple');
    assert.deepEqual(
      back.popularity.top('fruit', 5, () => true),
      [0],
    );
  });
});

describe('stockChanged', () => {
  it('sets state and quantity, and with them whether the item is eligible', () => {
    const changed = (state: StockState, quantity?: number) =>
      event('stockChanged', quantity === undefined ? { itemId: 'a', state } : { itemId: 'a', state, quantity });
    const tenant = folded([changed(1, 4)]);
    assert.equal(tenant.catalogue.stockOf(0), 1);
    assert.equal(tenant.catalogue.quantityOf(0), 4);
    assert.equal(folded([changed(2)]).catalogue.isEligible(0, now), false);
    assert.equal(folded([changed(2), changed(3)]).catalogue.isEligible(0, now), true);
    assert.equal(folded([changed(1, 4), changed(1)]).catalogue.quantityOf(0), Number.NaN);
  });
});

describe('priceChanged', () => {
  it('sets the price alone', () => {
    const description = folded([upsert, event('priceChanged', { itemId: 'a', price: eur(7n) })]).catalogue.describedBy(
      0,
    )!;
    assert.deepEqual(description.price, heldEur(7));
    assert.equal(description.title, 'Apple');
  });
});

describe('itemSimilarityUpserted', () => {
  const list = (name: string, ...ids: string[]) =>
    event('itemSimilarityUpserted', {
      itemId: 'a',
      name,
      neighbours: ids.map((itemId, i) => ({ itemId, similarity: 1 - i / 10 })),
    });

  it('replaces the list of that name, and an empty one takes it away', () => {
    const tenant = folded([list('text', 'b', 'c'), list('image', 'd'), list('text', 'c')]);
    const a = item(tenant, 'a');
    assert.deepEqual([...tenant.similarityLists.get(a, 'text')!.items], [item(tenant, 'c')]);
    assert.deepEqual([...tenant.similarityLists.get(a, 'text')!.similarities], [1]);
    assert.deepEqual([...tenant.similarityLists.of(a).keys()], ['image', 'text']);
    const emptied = folded([list('text', 'b'), list('text')]);
    assert.equal(emptied.similarityLists.of(item(emptied, 'a')).size, 0);
  });
});
