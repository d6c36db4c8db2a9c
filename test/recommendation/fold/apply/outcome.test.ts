import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reaction } from '../../../../gen/palate/event/v1/outcome_pb.ts';
import { each, lengthOf } from '../../../../src/recommendation/fold/chain.ts';
import { reactions } from '../../../../src/recommendation/fold/person.ts';
import { event, folded, isClose, item, person, sessionItems } from '../events.ts';

const who = { user: 'ann' };
const eur = (micros: bigint) => ({ currencyCode: 'EUR', micros });
type Line = { itemId: string; quantity?: number };
const order = (orderId: string, lines: Line[], at = 0) =>
  event('orderCompleted', { orderId, lines, value: eur(100n) }, { ...who, at });
const refund = (orderId: string, lines: Line[] = [], at = 0) =>
  event('orderRefunded', { orderId, lines }, { ...who, at });

describe('orderCompleted', () => {
  it('is a visit of weight 5 for each item, and leaves the cart', () => {
    const tenant = folded([
      event('cartAdded', { itemId: 'a', quantity: 3 }, who),
      order('o', [{ itemId: 'a', quantity: 2 }, { itemId: 'b' }, { itemId: 'b' }]),
    ]);
    const ann = person(tenant, who);
    assert.equal(tenant.popularity.scoreOf(item(tenant, 'a')), 8);
    assert.equal(tenant.popularity.scoreOf(item(tenant, 'b')), 5);
    assert.deepEqual(sessionItems(tenant, 0), ['a', 'a', 'b']);
    assert.deepEqual(
      [...each(tenant.people.recordOf(ann).cart)].map((line) => line.quantity),
      [1],
    );
    assert.ok(tenant.people.hasBought(ann, item(tenant, 'b')));
    assert.deepEqual(
      tenant.orders.get('o')?.items.map((line) => line.quantity),
      [2, 2],
    );
  });

  it('begins one session with all its items where its session id is new', () => {
    const lines = [{ itemId: 'a' }, { itemId: 'b' }];
    const tenant = folded([event('orderCompleted', { orderId: 'o', lines }, { ...who, session: 'first' })]);
    assert.equal(tenant.sessions.size, 1);
    assert.deepEqual(sessionItems(tenant, tenant.sessions.numberOf('first')!), ['a', 'b']);
  });

  it('replaces an earlier version with the same id', () => {
    const day = 86_400;
    const tenant = folded([
      order('o', [{ itemId: 'a' }, { itemId: 'b' }]),
      order('o', [{ itemId: 'b' }, { itemId: 'c' }], day),
    ]);
    const ann = person(tenant, who);
    const scores = ['a', 'b', 'c'].map((id) => tenant.popularity.scoreOf(item(tenant, id)));
    assert.equal(scores[0], 0);
    assert.ok(isClose(scores[1]!, 5) && isClose(scores[2]!, 5));
    assert.equal(lengthOf(tenant.people.recordOf(ann).orders), 1);
    assert.equal(tenant.people.hasBought(ann, item(tenant, 'a')), false);
    assert.deepEqual(sessionItems(tenant, 1), ['c']);
  });

  it('keeps the latest orders of a person and of strangers', () => {
    const strange = (orderId: string) => event('orderCompleted', { orderId, lines: [{ itemId: 'a' }] });
    const events = [order('o1', [{ itemId: 'a' }]), order('o2', [{ itemId: 'b' }]), strange('s1'), strange('s2')];
    const tenant = folded(events, { ordersPerPerson: 1, strangersRecords: 1 });
    const held = ['o1', 'o2', 's1', 's2'].map((id) => tenant.orders.get(id) !== undefined);
    assert.deepEqual(held, [false, true, false, true]);
  });
});

describe('orderRefunded', () => {
  const others = [
    event('itemViewed', { itemId: 'a' }, { session: 's', at: 50 }),
    event('itemViewed', { itemId: 'b' }, { session: 's' }),
  ];

  it('restores the popularity that the order had raised, however late it comes', () => {
    const before = folded([...others, event('pageViewed', { kind: 1 }, { at: 900_000 })]);
    const after = folded([
      ...others,
      order('o', [{ itemId: 'a', quantity: 2 }, { itemId: 'b' }], 60),
      refund('o', [], 900_000),
    ]);
    for (const id of ['a', 'b']) {
      const [left, right] = [before, after].map((tenant) => tenant.popularity.scoreOf(item(tenant, id)));
      assert.ok(isClose(left!, right!), `${left} ${right}`);
    }
    assert.equal(after.people.hasBought(person(after, who), item(after, 'a')), false);
    assert.equal(after.orders.get('o')?.value?.micros, 0);
  });

  it('takes back its share, and no more than was bought', () => {
    const half = refund('o', [{ itemId: 'a', quantity: 1 }]);
    const bought = order('o', [{ itemId: 'a', quantity: 2 }, { itemId: 'b' }]);
    const score = (...refunds: ReturnType<typeof refund>[]) => folded([bought, ...refunds]).popularity.scoreOf(0);
    assert.deepEqual(
      [score(half), score(half, half), score(half, half, half), score(half, refund('o'))],
      [2.5, 0, 0, 0],
    );
    const tenant = folded([bought, half, refund('o', [{ itemId: 'x' }])]);
    assert.ok(tenant.people.hasBought(person(tenant, who), 0));
    assert.equal(tenant.popularity.scoreOf(item(tenant, 'b')), 5);
  });

  it('reduces what the order cost', () => {
    const paidBack = (micros: bigint) =>
      event('orderRefunded', { orderId: 'o', lines: [{ itemId: 'a' }], value: eur(micros) }, who);
    const cost = (...events: ReturnType<typeof paidBack>[]) =>
      folded([order('o', [{ itemId: 'a', quantity: 9 }]), ...events]).orders.get('o')?.value?.micros;
    assert.deepEqual([cost(paidBack(30n)), cost(paidBack(-30n), paidBack(30n))], [70, 40]);
  });

  it('changes nothing for an order that is not held', () => {
    const tenant = folded([event('itemViewed', { itemId: 'a' }), refund('o', [{ itemId: 'a' }])]);
    assert.equal(tenant.popularity.scoreOf(0), 1);
  });
});

describe('itemRated', () => {
  const rate = (value: number, scale?: number) =>
    event('itemRated', scale === undefined ? { itemId: 'a', value } : { itemId: 'a', value, scale }, who);
  const score = (...events: ReturnType<typeof rate>[]) => folded(events).popularity.scoreOf(0);

  it('counts around the middle of its scale, and only the latest', () => {
    assert.deepEqual([score(rate(5)), score(rate(2.5)), score(rate(0)), score(rate(10, 10))], [3, 0, -3, 3]);
    assert.equal(score(rate(5), rate(0)), -3);
    assert.deepEqual(
      folded([rate(0)]).popularity.top('', 1, () => true),
      [],
    );
  });

  it('is kept as a share of its scale', () => {
    const tenant = folded([rate(5), rate(3, 4)]);
    assert.equal(tenant.people.recordOf(person(tenant, who)).opinions.get(0)?.rating, 0.75);
  });
});

describe('itemReacted', () => {
  const react = (reaction: Reaction) => event('itemReacted', { itemId: 'a', reaction }, who);
  const after = (...kinds: Reaction[]) => {
    const tenant = folded(kinds.map(react));
    const ann = person(tenant, who);
    return [tenant.people.reaction(ann, 0), tenant.people.rejects(ann, 0), tenant.popularity.scoreOf(0)];
  };

  it('counts a like 3, and bars what is disliked, hidden or of no interest', () => {
    assert.deepEqual(after(reactions.like), [reactions.like, false, 3]);
    for (const kind of [reactions.dislike, reactions.hide, reactions.notInterested]) {
      assert.deepEqual(after(kind), [kind, true, 0]);
    }
  });

  it('replaces an earlier reaction, and takes it back', () => {
    assert.deepEqual(after(reactions.like, reactions.like), [reactions.like, false, 3]);
    assert.deepEqual(after(reactions.like, reactions.hide), [reactions.hide, true, 0]);
    assert.deepEqual(after(reactions.like, reactions.withdrawn), [reactions.none, false, 0]);
  });

  it('forgets the oldest opinion of a person who has too many', () => {
    const on = (itemId: string) => event('itemReacted', { itemId, reaction: reactions.hide }, who);
    const tenant = folded([on('a'), on('b'), on('c')], { opinionsPerPerson: 2 });
    assert.deepEqual(
      [0, 1, 2].map((one) => tenant.people.rejects(person(tenant, who), one)),
      [false, true, true],
    );
  });
});

describe('customInteracted', () => {
  const custom = (weight?: number) =>
    event(
      'customInteracted',
      weight === undefined ? { itemId: 'a', name: 'x' } : { itemId: 'a', name: 'x', weight },
      who,
    );

  it('is a visit of its weight when that is above 0', () => {
    const tenant = folded([custom(), custom(4)]);
    assert.equal(tenant.popularity.scoreOf(0), 5);
    assert.deepEqual(sessionItems(tenant, 0), ['a', 'a']);
  });

  it('counts against the item, and is no visit, when it is not', () => {
    const tenant = folded([custom(-2), custom(0)]);
    assert.equal(tenant.popularity.scoreOf(0), -2);
    assert.equal(tenant.sessions.size, 0);
    assert.equal(tenant.people.profile(0).interactions.length, 2);
  });
});
