import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '../../../../gen/palate/event/v1/event_pb.ts';
import { each } from '../../../../src/recommendation/fold/chain.ts';
import { priceIn } from '../../../../src/recommendation/fold/price.ts';
import { event, folded, item, person, sessionItems } from '../events.ts';

const who = { visitor: 'v' };
const put = (itemId: string, quantity?: number, cartId = '') =>
  event('cartAdded', quantity === undefined ? { itemId, cartId } : { itemId, quantity, cartId }, who);

function cart(events: readonly Event[], settings = {}): Record<string, number> {
  const tenant = folded(events, settings);
  const lines = [...each(tenant.people.recordOf(person(tenant, who)).cart)];
  return Object.fromEntries(lines.map((line) => [tenant.catalogue.idOf(line.item) + line.cartId, line.quantity]));
}

describe('cartAdded', () => {
  it('adds to the line and is a visit of weight 3', () => {
    assert.deepEqual(cart([put('a'), put('a', 2), put('b', 0.5), put('a', 1, '/x')]), { a: 3, b: 0.5, 'a/x': 1 });
    const tenant = folded([put('a')]);
    assert.equal(tenant.popularity.scoreOf(0), 3);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
  });

  it('lets the oldest line of a full cart go', () => {
    assert.deepEqual(cart([put('a'), put('b'), put('c')], { cartLinesPerPerson: 2 }), { b: 1, c: 1 });
  });

  it('keeps the latest price', () => {
    const priced = (micros: bigint) =>
      event('cartAdded', { itemId: 'a', unitPrice: { currencyCode: 'EUR', micros } }, who);
    const tenant = folded([priced(5n), put('a'), priced(7n), put('a')]);
    const line = tenant.people.recordOf(person(tenant, who)).cart;
    assert.deepEqual(line && priceIn(line), { currencyCode: 'EUR', micros: 7 });
  });
});

describe('cartRemoved', () => {
  const take = (itemId: string, quantity?: number) =>
    event('cartRemoved', quantity === undefined ? { itemId } : { itemId, quantity }, who);

  it('takes from the line, which goes at 0', () => {
    assert.deepEqual(cart([put('a', 3), take('a')]), { a: 2 });
    assert.deepEqual(cart([put('a', 3), take('a', 5)]), {});
    assert.deepEqual(cart([put('a', 3), take('b')]), { a: 3 });
  });

  it('is no visit and takes no popularity', () => {
    const tenant = folded([put('a'), take('a')]);
    assert.equal(tenant.popularity.scoreOf(0), 3);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
    assert.deepEqual(
      tenant.people.profile(0).interactions.map((one) => one.eventType),
      [51, 50],
    );
  });
});

describe('listAdded and listRemoved', () => {
  const add = (itemId: string, listId = 'wish') => event('listAdded', { itemId, listId }, who);
  const drop = (itemId: string, listId = 'wish') => event('listRemoved', { itemId, listId }, who);

  function lists(events: readonly Event[], settings = {}) {
    const tenant = folded(events, settings);
    const own = tenant.people.recordOf(person(tenant, who)).lists;
    return [...each(own)].map(({ listId, items }) => [listId, ...items.map((one) => tenant.catalogue.idOf(one))]);
  }

  it('keep the items of each list', () => {
    assert.deepEqual(lists([add('a'), add('b'), add('a'), add('c', 'later'), drop('a'), drop('x', 'none')]), [
      ['wish', 'b'],
      ['later', 'c'],
    ]);
    assert.deepEqual(lists([add('a'), drop('a')]), []);
    assert.equal(folded([add('a'), drop('a')]).popularity.scoreOf(0), 2);
  });

  it('stay within their bounds', () => {
    const settings = { itemsPerList: 2, listsPerPerson: 1 };
    assert.deepEqual(lists([add('a'), add('b'), add('c')], settings), [['wish', 'b', 'c']]);
    assert.deepEqual(lists([add('a'), add('b', 'later')], settings), [['later', 'b']]);
  });
});

describe('checkoutStarted', () => {
  it('says what the cart holds, where it says anything', () => {
    const checkout = (...ids: string[]) => event('checkoutStarted', { lines: ids.map((itemId) => ({ itemId })) }, who);
    assert.deepEqual(cart([put('a', 2), put('x', 1, '/x'), checkout('b', 'b')]), { 'x/x': 1, b: 2 });
    assert.deepEqual(cart([put('a', 2), checkout()]), { a: 2 });
    assert.equal(folded([checkout('b')]).popularity.scoreOf(0), 0);
  });
});

describe('itemShared', () => {
  it('is a visit of weight 2', () => {
    const tenant = folded([event('itemShared', { itemId: 'a', channel: 'mail' }, who)]);
    assert.equal(tenant.popularity.scoreOf(item(tenant, 'a')), 2);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
  });
});
