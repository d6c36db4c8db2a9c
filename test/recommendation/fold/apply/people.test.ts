import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { each } from '../../../../src/recommendation/fold/chain.ts';
import { digestOf } from '../../../../src/recommendation/fold/digest.ts';
import { reactions } from '../../../../src/recommendation/fold/person.ts';
import { event, folded, item, person, secondMicros, startSeconds } from '../events.ts';

const merge = (user: string, visitor: string, at = 100) => event('identityMerged', {}, { user, visitor, at });

describe('userUpserted', () => {
  it('replaces all attributes', () => {
    const diet = (value: string) => ({ diet: { kind: { case: 'stringValue' as const, value } } });
    const tall = { tall: { kind: { case: 'boolValue' as const, value: true } } };
    const tenant = folded([
      event('userUpserted', { attributes: tall }, { user: 'ann' }),
      event('userUpserted', { attributes: diet('vegan') }, { user: 'ann' }),
    ]);
    assert.deepEqual([...tenant.people.profile(person(tenant, { user: 'ann' })).attributes], [['diet', 'vegan']]);
  });
});

describe('identityMerged', () => {
  const visitor = { visitor: 'v', at: 10 };
  const past = [
    event('itemViewed', { itemId: 'a' }, visitor),
    event('itemReacted', { itemId: 'b', reaction: reactions.dislike }, visitor),
    event('itemRated', { itemId: 'a', value: 4 }, visitor),
    event('cartAdded', { itemId: 'c', quantity: 2 }, visitor),
    event('listAdded', { itemId: 'd', listId: 'wish' }, visitor),
    event('orderCompleted', { orderId: 'o', lines: [{ itemId: 'e' }] }, visitor),
    event('mealScored', { imageId: 'i', score: 3 }, visitor),
  ];
  const own = [
    event('itemViewed', { itemId: 'z' }, { user: 'ann', at: 5 }),
    event('cartAdded', { itemId: 'c', quantity: 1 }, { user: 'ann', at: 20 }),
  ];

  it('joins all of the visitor\u2019s past to the user\u2019s', () => {
    const tenant = folded([...past, ...own, merge('ann', 'v')]);
    const ann = person(tenant, { user: 'ann' });
    const profile = tenant.people.profile(ann);
    assert.equal(person(tenant, { visitor: 'v' }), ann);
    assert.equal(tenant.people.size, 1);
    assert.deepEqual([...profile.visitorIds], ['v']);
    assert.ok(tenant.people.rejects(ann, item(tenant, 'b')));
    assert.equal(profile.opinions.get(item(tenant, 'a'))?.rating, 0.8);
    assert.deepEqual(
      [...each(profile.cart)].map((line) => line.quantity),
      [3],
    );
    assert.deepEqual(
      Array.from(each(profile.lists), ({ listId }) => listId),
      ['wish'],
    );
    assert.ok(tenant.people.hasBought(ann, item(tenant, 'e')));
    assert.deepEqual(
      [...each(profile.orders), ...each(profile.meals)].map((one) => one.person),
      [ann, ann],
    );
    assert.equal(profile.interactions.at(-1)?.item, item(tenant, 'z'));
    assert.equal(profile.firstSeenMicros, (startSeconds + 5) * secondMicros);
    assert.equal(tenant.people.resolve(tenant.sessions.personOf(0)), ann);
  });

  it('sends what the visitor does from now on to the user', () => {
    const tenant = folded([merge('ann', 'v'), event('itemViewed', { itemId: 'a' }, { visitor: 'v' })]);
    assert.ok(tenant.people.hasSeen(person(tenant, { user: 'ann' }), 0));
    assert.equal(tenant.people.size, 1);
  });

  it('lets the running session go on under the user', () => {
    const tenant = folded([
      event('itemViewed', { itemId: 'a' }, { visitor: 'v', at: 90 }),
      merge('ann', 'v'),
      event('itemViewed', { itemId: 'b' }, { user: 'ann', at: 110 }),
    ]);
    assert.equal(tenant.sessions.size, 1);
    assert.equal(tenant.sessions.itemCount(0), 2);
  });

  it('is the same once and twice', () => {
    const once = folded([...past, ...own, merge('ann', 'v')]);
    const twice = folded([...past, ...own, merge('ann', 'v'), merge('ann', 'v')]);
    twice.events = once.events;
    assert.equal(digestOf(twice), digestOf(once));
  });

  it('leaves the past with the first user when a second one signs in on the device', () => {
    const tenant = folded([
      event('itemViewed', { itemId: 'a' }, { visitor: 'v' }),
      merge('ann', 'v'),
      merge('bob', 'v'),
      event('itemViewed', { itemId: 'b' }, { visitor: 'v' }),
    ]);
    const [ann, bob] = [person(tenant, { user: 'ann' }), person(tenant, { user: 'bob' })];
    const seen = [ann, bob].map((one) => [0, 1].map((number) => tenant.people.hasSeen(one, number)));
    assert.deepEqual(seen, [
      [true, false],
      [false, true],
    ]);
  });

  it('takes a visitor\u2019s refusal over, unless the user has said something', () => {
    const refuse = event('consentChanged', { personalised: false }, { visitor: 'v' });
    const allow = event('consentChanged', { personalised: true }, { user: 'ann' });
    const allowed = (tenant: ReturnType<typeof folded>) =>
      tenant.people.isPersonalised(person(tenant, { user: 'ann' }));
    assert.equal(allowed(folded([refuse, merge('ann', 'v')])), false);
    assert.equal(allowed(folded([refuse, allow, merge('ann', 'v')])), true);
  });

  it('changes nothing without both ids', () => {
    const tenant = folded([
      event('identityMerged', {}, { visitor: 'v' }),
      event('identityMerged', {}, { user: 'ann' }),
    ]);
    assert.equal(tenant.people.size, 2);
  });
});

describe('consentChanged', () => {
  it('holds until it is changed again', () => {
    const say = (personalised: boolean) => event('consentChanged', { personalised }, { user: 'ann' });
    const state = (...events: ReturnType<typeof say>[]) => {
      const tenant = folded([event('pageViewed', { kind: 1 }, { user: 'ann' }), ...events]);
      return tenant.people.isPersonalised(person(tenant, { user: 'ann' }));
    };
    assert.deepEqual([state(), state(say(false)), state(say(false), say(true))], [true, false, true]);
  });
});

describe('userErased', () => {
  const who = { user: 'ann', visitor: 'v' };
  const life = [
    event('itemViewed', { itemId: 'a' }, { visitor: 'v' }),
    merge('ann', 'v'),
    event('itemReacted', { itemId: 'a', reaction: reactions.hide }, who),
    event('orderCompleted', { orderId: 'o', lines: [{ itemId: 'a' }] }, who),
    event('mealScored', { imageId: 'i', score: 3 }, who),
    event('userErased', {}, { user: 'ann' }),
  ];

  it('forgets the person, their orders and meals, and whose the sessions were', () => {
    const tenant = folded(life);
    assert.equal(tenant.people.numberOf({ userId: 'ann' }), undefined);
    assert.equal(tenant.people.numberOf({ visitorId: 'v' }), undefined);
    assert.equal(tenant.people.size, 0);
    assert.equal(tenant.orders.get('o'), undefined);
    assert.deepEqual(tenant.meals.of('i'), []);
    assert.equal(tenant.people.resolve(tenant.sessions.personOf(0)), -1);
    assert.equal(tenant.erasures, 1);
    assert.ok(tenant.popularity.scoreOf(0) > 0);
  });

  it('meets the same ids as new people afterwards', () => {
    const tenant = folded([...life, event('itemViewed', { itemId: 'b' }, { visitor: 'v' })]);
    const v = person(tenant, { visitor: 'v' });
    assert.deepEqual(
      tenant.people.profile(v).interactions.map((one) => tenant.catalogue.idOf(one.item)),
      ['b'],
    );
    assert.equal(tenant.sessions.size, 2);
    assert.equal(digestOf(tenant).length, 64);
  });

  it('is only counted where it names nobody', () => {
    const tenant = folded([event('userErased', { userDigest: new Uint8Array(32) })]);
    assert.equal(tenant.erasures, 1);
    assert.equal(tenant.people.size, 0);
  });
});
