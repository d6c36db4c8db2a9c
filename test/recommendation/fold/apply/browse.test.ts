import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event, folded, isClose, item, partners, person, sessionItems } from '../events.ts';

const view = (itemId: string, at: number, visitor = 'v') => event('itemViewed', { itemId }, { visitor, at });
const halfHour = 1_800;

describe('itemViewed', () => {
  it('joins the session, counts 1, and is remembered', () => {
    const tenant = folded([view('a', 0), view('b', 10), view('a', 20)]);
    const v = person(tenant, { visitor: 'v' });
    const session = tenant.sessions.latestOf(v)!;
    assert.deepEqual(sessionItems(tenant, session), ['a', 'b', 'a']);
    assert.equal(tenant.sessions.personOf(session), v);
    assert.equal(tenant.sessions.sessionsWith(item(tenant, 'a')), 1);
    assert.ok(isClose(tenant.popularity.scoreOf(item(tenant, 'a')), 1 + 2 ** -(20 / (7 * 86_400))));
    assert.ok(isClose(tenant.trending.scoreOf(item(tenant, 'b')), 2 ** -(10 / (6 * 3_600))));
    assert.ok(tenant.people.hasSeen(v, item(tenant, 'b')));
    assert.deepEqual(
      tenant.people.profile(v).interactions.map((one) => [tenant.catalogue.idOf(one.item), one.eventType]),
      [
        ['a', 42],
        ['b', 42],
        ['a', 42],
      ],
    );
  });

  it('pairs each item with the different ones before it, within the window', () => {
    const events = ['a', 'b', 'c', 'd', 'a'].map((id) => view(id, 0));
    assert.deepEqual(partners(folded(events, { coOccurrenceWindow: 2 }), 'a'), { b: 1, c: 2, d: 1 });
    assert.deepEqual(partners(folded([view('a', 0), view('a', 0), view('b', 0)]), 'a'), { b: 1 });
  });

  it('begins a new session after half an hour, and keeps sessions with ids apart', () => {
    const tenant = folded([
      view('a', 0),
      view('b', halfHour),
      event('itemViewed', { itemId: 'c' }, { visitor: 'v', session: 's', at: 10 }),
    ]);
    assert.equal(tenant.sessions.size, 3);
    assert.deepEqual(sessionItems(tenant, tenant.sessions.numberOf('s')!), ['c']);
    assert.deepEqual(partners(tenant, 'a'), {});
  });

  it('counts for popularity alone where it names nobody', () => {
    const tenant = folded([event('itemViewed', { itemId: 'a' })]);
    assert.equal(tenant.sessions.size, 0);
    assert.equal(tenant.people.size, 0);
    assert.equal(tenant.popularity.scoreOf(0), 1);
  });

  it('weighs a late event by its age and keeps it out of a later visit', () => {
    const tenant = folded([view('a', 30 * 86_400), view('b', 0)]);
    assert.equal(tenant.sessions.size, 2);
    assert.ok(isClose(tenant.popularity.scoreOf(item(tenant, 'b')), 2 ** -(30 / 7)));
    const together = folded([
      event('itemViewed', { itemId: 'a' }, { session: 's', at: 30 * 86_400 }),
      event('itemViewed', { itemId: 'b' }, { session: 's', at: 0 }),
    ]);
    assert.ok(isClose(partners(together, 'a')['b']!, 0.5));
  });

  it('is nobody\u2019s while its person refuses', () => {
    const who = { visitor: 'v', session: 's' };
    const tenant = folded([
      event('consentChanged', { personalised: false }, who),
      event('itemViewed', { itemId: 'a' }, who),
    ]);
    const v = person(tenant, who);
    assert.equal(tenant.people.isPersonalised(v), false);
    assert.equal(tenant.people.hasSeen(v, 0), false);
    assert.equal(tenant.sessions.personOf(0), -1);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
    assert.equal(tenant.popularity.scoreOf(0), 1);
  });

  it('holds no more of a person than the bound', () => {
    const tenant = folded(
      Array.from({ length: 50 }, (_, i) => view(`i${i}`, i)),
      { interactionsPerPerson: 7, itemsPerSession: 5 },
    );
    const v = person(tenant, { visitor: 'v' });
    const ids = tenant.people.profile(v).interactions.map((one) => tenant.catalogue.idOf(one.item));
    assert.deepEqual(ids, ['i49', 'i48', 'i47', 'i46', 'i45', 'i44', 'i43']);
    assert.deepEqual(sessionItems(tenant, 0), ['i45', 'i46', 'i47', 'i48', 'i49']);
  });
});

describe('itemClicked', () => {
  it('is a visit of weight 1', () => {
    const tenant = folded([event('itemClicked', { itemId: 'a' }, { session: 's' })]);
    assert.equal(tenant.popularity.scoreOf(0), 1);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
  });
});

describe('mediaProgressed', () => {
  const play = (itemId: string, at: number, completed = false) =>
    event('mediaProgressed', { itemId, completed }, { visitor: 'v', at });

  it('is one visit however often a player reports, and its completion counts 2', () => {
    const tenant = folded([play('a', 0), play('a', 0), play('a', 0), play('a', 0, true)]);
    assert.deepEqual(sessionItems(tenant, 0), ['a']);
    assert.equal(tenant.popularity.scoreOf(0), 3);
  });

  it('is a visit of weight 2 when it comes completed', () => {
    assert.equal(folded([play('a', 0, true)]).popularity.scoreOf(0), 2);
  });
});

describe('pageViewed', () => {
  it('counts its kind and keeps the session going, but begins none', () => {
    const page = (at: number) => event('pageViewed', { kind: 2 }, { visitor: 'v', at });
    const tenant = folded([page(0), view('a', 10), page(halfHour), view('b', halfHour + 1_000)]);
    assert.equal(tenant.traffic.pages(2), 2);
    assert.equal(tenant.traffic.pages(1), 0);
    assert.equal(tenant.sessions.size, 1);
    assert.deepEqual(sessionItems(tenant, 0), ['a', 'b']);
  });
});

describe('listViewed', () => {
  it('counts each item as shown, and nothing else', () => {
    const tenant = folded([event('listViewed', { itemIds: ['a', 'b', 'a'] }, { visitor: 'v' })]);
    assert.equal(tenant.traffic.shown(item(tenant, 'a')), 2);
    assert.equal(tenant.popularity.scoreOf(item(tenant, 'a')), 0);
    assert.equal(tenant.sessions.size, 0);
  });
});

describe('searchPerformed', () => {
  it('counts the search, its results, and whether it found nothing', () => {
    const tenant = folded([
      event('searchPerformed', { query: 'x', resultItemIds: ['a'] }),
      event('searchPerformed', { query: 'y' }),
      event('searchPerformed', { query: 'z', totalResults: 4n }),
    ]);
    assert.equal(tenant.traffic.searches, 3);
    assert.equal(tenant.traffic.fruitlessSearches, 1);
    assert.equal(tenant.traffic.shown(0), 1);
  });
});
