import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings, type FoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../../src/recommendation/fold/state.ts';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import { ArchiveReader, type Section } from '../../../src/recommendation/snapshots/archive-reader.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';
import { anyEvent } from './any-event.ts';
import { apply, event, folded, item, sessionItems } from './events.ts';

function saved(state: State): Map<string, Section> {
  const sections = new Map<string, Section>();
  state.persist(
    new ArchiveWriter((name, type, content) => {
      sections.set(name, { type, content: Uint8Array.from(content).buffer });
    }),
  );
  return sections;
}

function restored(state: State): State {
  const copy = createState(state.settings);
  copy.persist(new ArchiveReader(saved(state)));
  return copy;
}

/** Folds, and where `restarts` say so goes on with a copy that went through a snapshot. */
function foldedWithRestarts(events: readonly Event[], settings: FoldSettings, restarts: ReadonlySet<number>): State {
  let state = createState(settings);
  for (const [at, one] of events.entries()) {
    if (restarts.has(at)) state = restarted(state);
    apply(state, [one]);
  }
  return state;
}

function restarted(state: State): State {
  return state.tenant('default') === undefined ? state : restored(state);
}

/** Journals in which each event may come twice in a row, over small and large bounds. */
const journal = fc
  .array(fc.tuple(anyEvent, fc.boolean()), { minLength: 1, maxLength: 150 })
  .map((drawn) => drawn.flatMap(([one, isTwice]) => (isTwice ? [one, one] : [one])));
const bounds = fc.record({
  maxPeople: fc.integer({ min: 2, max: 6 }),
  maxItems: fc.integer({ min: 1, max: 9 }),
  maxCategories: fc.integer({ min: 1, max: 4 }),
  maxSessions: fc.integer({ min: 2, max: 200 }),
  itemsPerSession: fc.integer({ min: 2, max: 6 }),
  maxNeighbours: fc.constantFrom(1, 2, 8, 100),
  visitorsPerPerson: fc.integer({ min: 1, max: 3 }),
});

/** What holds for every state, whatever was folded into it. */
function assertSound(tenant: TenantState): void {
  const { settings, catalogue, people, sessions } = tenant;
  assert.ok(people.size <= settings.maxPeople);
  assert.ok([...people.nextToLeave()].length <= settings.maxPeople);
  assert.ok(catalogue.size <= settings.maxItems);
  assertSoundCategories(tenant);
  const items = [...catalogue.items()];
  assert.deepEqual([...catalogue.nextToLeave()].sort(), [...items].sort());
  assert.equal(new Set(items.map((one) => catalogue.idOf(one))).size, items.length);
  for (const one of items) assert.equal(catalogue.numberOf(catalogue.idOf(one)), one);
  for (const { person } of people.ids()) assert.equal(people.resolve(people.handleOf(person)), person);
  for (const found of [catalogue.newest(99, () => true), tenant.popularity.top('', 99, () => true)]) {
    for (const one of found) assert.ok(catalogue.isHeld(one));
  }
  for (const one of items) {
    const held = new Int32Array(sessions.postingCount(one));
    sessions.copyPostings(one, held);
    for (const session of held) assert.ok(sessions.itemsOf(session).includes(one), 'a posting without its item');
    const partners = new Int32Array(100);
    const count = tenant.coOccurrence.neighbours(one, partners, new Float64Array(100));
    for (const partner of partners.subarray(0, count)) assert.ok(catalogue.isHeld(partner));
  }
}

/** Those there are have items, which are in no others than they are described by, and in all where none was refused. */
function assertSoundCategories({ settings, catalogue, categories }: TenantState): void {
  const names = new Set<string>();
  for (const one of catalogue.items()) {
    const described = [...catalogue.categoriesOf(one)].sort();
    const found = [...categories.namesOf(one)].sort();
    if (categories.refused === 0) assert.deepEqual(found, described);
    else assert.ok(found.every((name) => described.includes(name)));
    for (const name of found) names.add(name);
  }
  assert.equal(categories.held, names.size);
  assert.ok(names.size <= settings.maxCategories);
}

describe('a state with bounds on people and items', () => {
  it('is the same wherever it was restarted, and sound', () => {
    fc.assert(
      fc.property(journal, bounds, fc.array(fc.nat(300), { maxLength: 6 }), (events, some, restarts) => {
        const settings = { ...defaultFoldSettings, ...some };
        const plain = foldedWithRestarts(events, settings, new Set());
        const other = foldedWithRestarts(events, settings, new Set(restarts));
        const [a, b] = [plain, other].map((state) => state.tenant('default')!);
        assert.equal(digestOf(b!), digestOf(a!));
        assert.deepEqual([...saved(other)], [...saved(plain)]);
        assertSound(a!);
        assertSound(b!);
      }),
      { numRuns: 60 },
    );
  });

  it('is as without bounds until they are reached', () => {
    fc.assert(
      fc.property(journal, (events) => {
        const people = new Set(events.flatMap(({ userId, visitorId }) => [userId, visitorId])).size + events.length;
        const bounded = folded(events, { maxPeople: Math.max(2, people), maxItems: 8 });
        assert.equal(digestOf(bounded), digestOf(folded(events)));
        assert.deepEqual([bounded.people.evicted, bounded.catalogue.evicted], [0, 0]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('maxPeople', () => {
  const who = fc.oneof(
    fc.integer({ min: 0, max: 9 }).map((n) => ({ user: `u${n}` })),
    fc.integer({ min: 0, max: 9 }).map((n) => ({ visitor: `v${n}` })),
  );

  it('holds those seen last since it was half full, with what they did since they began', () => {
    fc.assert(
      fc.property(
        fc.array(who, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 2, max: 15 }),
        (seen, maxPeople) => {
          const held = new Map<string, number>();
          for (const one of seen) {
            const key = JSON.stringify(one);
            const count = (held.get(key) ?? 0) + 1;
            if (held.size * 2 >= maxPeople) held.delete(key);
            held.set(key, count);
            if (held.size > maxPeople) held.delete(held.keys().next().value as string);
          }
          const tenant = folded(
            seen.map((one, at) => event('itemViewed', { itemId: 'a' }, { ...one, at })),
            { maxPeople, interactionsPerPerson: 1_000 },
          );
          const found = [...tenant.people.ids()].map(({ kind, id, person }) => {
            return [JSON.stringify({ [kind]: id }), tenant.people.interactionsOf(person).length] as const;
          });
          assert.deepEqual(found.sort(), [...held].sort());
          assert.equal(tenant.people.size, held.size);
        },
      ),
    );
  });

  it('forgets with a person all that was theirs, to the last byte', () => {
    const state = createState({ ...defaultFoldSettings, maxPeople: 3 });
    const common = { user: 'secret-user', visitor: 'secret-visitor' };
    const name = 'itemId' as const;
    apply(state, [
      event('itemViewed', { [name]: 'a' }, { visitor: 'secret-visitor' }),
      event('identityMerged', {}, common),
      event(
        'userUpserted',
        { attributes: { 'secret-key': { kind: { case: 'stringValue', value: 'secret' } } } },
        common,
      ),
      event('cartAdded', { [name]: 'a', cartId: 'secret-cart' }, common),
      event('listAdded', { [name]: 'b', listId: 'secret-list' }, common),
      event('orderCompleted', { orderId: 'secret-order', lines: [{ itemId: 'c' }] }, common),
      event('mealScored', { imageId: 'secret-image', score: 4, itemId: 'a' }, common),
      event('mealReviewed', { imageId: 'secret-image', comment: 'secret' }, {}),
    ]);
    assert.match(text(saved(state)), /secret/);
    for (const user of ['ann', 'bob', 'cleo']) apply(state, [event('itemViewed', { itemId: 'a' }, { user })]);
    assert.doesNotMatch(text(saved(state)), /secret/);
    const tenant = state.tenant('default')!;
    assert.equal(tenant.people.size, 3);
    assert.equal(tenant.people.numberOf({ userId: 'secret-user' }), undefined);
    assert.equal(tenant.people.resolve(tenant.sessions.personOf(0)), -1);
  });

  it('makes somebody new of who comes back, and nobody of their earlier sessions', () => {
    const view = (user: string) => event('itemViewed', { itemId: 'a' }, { user, session: `${user} once` });
    const tenant = folded([view('ann'), view('bob'), view('cleo'), view('ann')], { maxPeople: 2 });
    const ann = tenant.people.numberOf({ userId: 'ann' })!;
    assert.equal(tenant.people.interactionsOf(ann).length, 1);
    const owners = [0, 1, 2].map((session) => tenant.people.resolve(tenant.sessions.personOf(session)));
    assert.deepEqual(owners, [ann, -1, tenant.people.numberOf({ userId: 'cleo' })]);
    assert.equal(tenant.people.evicted, 2);
  });
});

describe('maxItems', () => {
  it('holds described items before others, and of equals those named last since it was half full', () => {
    const step = fc.record({ n: fc.integer({ min: 0, max: 12 }), type: fc.constantFrom('view', 'upsert', 'remove') });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 9 }),
        (steps, maxItems) => {
          const lines = { plain: [] as string[], described: [] as string[] };
          const events = steps.map(({ n, type }) => {
            const itemId = `item ${n}`;
            const isDescribed = type === 'upsert' || (type === 'view' && lines.described.includes(itemId));
            const isNew = !lines.plain.includes(itemId) && !lines.described.includes(itemId);
            if (isNew && lines.plain.length + lines.described.length === maxItems) {
              (lines.plain.length > 0 ? lines.plain : lines.described).shift();
            }
            const line = isDescribed ? lines.described : lines.plain;
            const isTouched = (lines.plain.length + lines.described.length) * 2 >= maxItems;
            if (isTouched || !line.includes(itemId)) {
              for (const from of Object.values(lines)) if (from.includes(itemId)) from.splice(from.indexOf(itemId), 1);
              line.push(itemId);
            }
            if (type === 'upsert') return event('itemUpserted', { itemId, attributes: { title: itemId } });
            return type === 'view' ? event('itemViewed', { itemId }, { user: 'u' }) : event('itemRemoved', { itemId });
          });
          const { catalogue } = folded(events, { maxItems });
          const found = [...catalogue.nextToLeave()].map((one) => catalogue.idOf(one));
          assert.deepEqual(found, [...lines.plain, ...lines.described]);
        },
      ),
    );
  });

  it('forgets with an item all that was its own, to the last byte', () => {
    const state = createState({ ...defaultFoldSettings, maxItems: 3 });
    apply(state, [
      event('itemUpserted', {
        itemId: 'secret-item',
        attributes: {
          title: 'secret',
          categories: ['secret/x'],
          custom: { k: { kind: { case: 'stringValue', value: 'secret' } } },
        },
      }),
      event('itemSimilarityUpserted', { itemId: 'secret-item', name: 'secret-list', neighbours: [{ itemId: 'a' }] }),
      event('itemViewed', { itemId: 'secret-item' }, { user: 'u', session: 's' }),
      event('itemViewed', { itemId: 'a' }, { user: 'u', session: 's' }),
      event('itemRemoved', { itemId: 'secret-item' }),
      event('mealScored', { imageId: 'i', score: 4, itemId: 'secret-item', embedding: [1, 2] }, { user: 'u' }),
    ]);
    const gone = item(state.tenant('default')!, 'secret-item');
    for (const itemId of ['b', 'c', 'd']) apply(state, [event('itemViewed', { itemId }, { user: 'u', session: 't' })]);
    assert.doesNotMatch(text(saved(state)), /secret/);
    const tenant = state.tenant('default')!;
    assert.equal(tenant.catalogue.isHeld(gone), false);
    assert.equal(tenant.catalogue.isEligible(gone, 0), false);
    assert.deepEqual([tenant.sessions.sessionsWith(gone), tenant.sessions.postingCount(gone)], [0, 0]);
    assert.deepEqual(sessionItems(tenant, 0), ['', '']);
    assert.equal(tenant.meals.embeddingOf(gone), undefined);
  });

  it('starts anew with an item that comes back: earlier visits are not its own', () => {
    const view = (itemId: string, session: string) => event('itemViewed', { itemId }, { session });
    const tenant = folded([view('a', 's'), view('b', 's'), view('c', 't'), view('a', 't')], { maxItems: 2 });
    assert.equal(tenant.sessions.sessionsWith(item(tenant, 'a')), 1);
    assert.equal(tenant.popularity.heldScore(item(tenant, 'a')), 1);
    assert.deepEqual(sessionItems(tenant, 0), ['', '']);
    assert.deepEqual(sessionItems(tenant, 1), ['c', 'a']);
    assert.equal(tenant.catalogue.evicted, 2);
  });

  it('gives nothing of an item to the next one at its place', () => {
    const served = { recommendationId: 'r', items: [{ itemId: 'a' }, { itemId: 'b' }] };
    const tenant = folded(
      [
        event('listViewed', { itemIds: ['a', 'b'] }),
        event('itemUpserted', { itemId: 'a', attributes: { categories: ['x'] } }),
        event('itemRemoved', { itemId: 'a' }),
        event('stockChanged', { itemId: 'a', state: 2 }),
        event('itemViewed', { itemId: 'b' }, { session: 's' }),
        event('itemViewed', { itemId: 'a' }, { session: 's' }),
        event('recommendationServed', served),
        event('recommendationSeen', { recommendationId: 'r' }),
        event('itemViewed', { itemId: 'c' }, { session: 't' }),
        event('itemViewed', { itemId: 'd' }, { session: 't' }),
        event('recommendationClicked', { recommendationId: 'r', itemId: 'c' }),
      ],
      { maxItems: 2 },
    );
    for (const one of [item(tenant, 'c'), item(tenant, 'd')]) {
      assert.deepEqual(tenant.loop.itemCounts(one), { served: 0, seen: 0, clicked: 0 });
      assert.equal(tenant.traffic.shown(one), 0);
      assert.equal(tenant.coOccurrence.count(one), 1);
      assert.ok(tenant.catalogue.isEligible(one, 0));
      assert.equal(tenant.catalogue.quantityOf(one), Number.NaN);
    }
    const [c, d] = [item(tenant, 'c'), item(tenant, 'd')];
    assert.deepEqual(
      tenant.popularity.top('', 9, () => true),
      [c, d],
    );
    assert.deepEqual(
      tenant.popularity.top('x', 9, () => true),
      [],
    );
    assert.deepEqual(
      tenant.catalogue.newest(9, () => true),
      [c, d],
    );
  });
});

describe('maxCategories', () => {
  const step = fc.record({
    n: fc.integer({ min: 0, max: 4 }),
    categories: fc.uniqueArray(fc.constantFrom('a', 'b', 'b/c', 'd', 'e/f'), { maxLength: 3 }),
  });

  it('begins no category beyond the bound, and gives the room of one that its last item left', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, max) => {
        const inThem = new Map<string, readonly string[]>();
        const described = new Map<string, readonly string[]>();
        let refused = 0;
        const events = steps.map(({ n, categories }) => {
          const itemId = `item ${n}`;
          const wanted = [...new Set(categories.flatMap((path) => (path[1] === '/' ? [path[0]!, path] : [path])))];
          const others = new Set([...inThem].flatMap(([id, names]) => (id === itemId ? [] : names)));
          // Described as before, or still without categories: nothing is tried again.
          const before = described.get(itemId) ?? [];
          if (before.join() !== categories.join()) {
            const held = new Set([...others, ...(inThem.get(itemId) ?? []).filter((name) => wanted.includes(name))]);
            const own = wanted.filter((name) => {
              if (held.size >= max && !held.has(name)) return false;
              held.add(name);
              return true;
            });
            refused += wanted.length - own.length;
            inThem.set(itemId, own);
          }
          described.set(itemId, categories);
          return event('itemUpserted', { itemId, attributes: { categories } });
        });
        const tenant = folded(events, { maxCategories: max });
        for (const [itemId, names] of inThem) {
          assert.deepEqual([...tenant.categories.namesOf(item(tenant, itemId))].sort(), [...names].sort());
        }
        assert.equal(tenant.categories.refused, refused);
        assertSound(tenant);
      }),
    );
  });

  it('lists items in the categories that there are, and in no other', () => {
    const upsert = (itemId: string, category: string) =>
      event('itemUpserted', { itemId, attributes: { categories: [category] } });
    const view = (itemId: string) => event('itemViewed', { itemId });
    const top = (tenant: TenantState, category: string) =>
      tenant.popularity.top(category, 9, () => true).map((one) => tenant.catalogue.idOf(one));
    const state = createState({ ...defaultFoldSettings, maxCategories: 1 });
    apply(state, [upsert('pear', 'fruit'), upsert('brie', 'cheese'), view('pear'), view('brie')]);
    const tenant = state.tenant('default')!;
    assert.deepEqual([top(tenant, 'fruit'), top(tenant, 'cheese')], [['pear'], []]);
    assert.deepEqual(tenant.catalogue.categoriesOf(item(tenant, 'brie')), ['cheese']);
    apply(state, [event('itemRemoved', { itemId: 'pear' }), upsert('feta', 'cheese'), view('feta')]);
    assert.deepEqual([top(tenant, 'fruit'), top(tenant, 'cheese')], [[], ['feta']]);
    assert.equal(tenant.categories.refused, 1);
  });

  it('is part of the digest once one was refused', () => {
    const upsert = (itemId: string, categories: string[]) =>
      event('itemUpserted', { itemId, attributes: { categories } });
    const orders = [
      [upsert('a', ['x']), upsert('b', ['y'])],
      [upsert('b', ['y']), upsert('a', ['x'])],
    ] as const;
    const [one, other] = orders.map((events) => folded([...events, upsert('a', ['x'])], { maxCategories: 1 }));
    assert.notDeepEqual(one!.categories.namesOf(item(one!, 'a')), other!.categories.namesOf(item(other!, 'a')));
    assert.notEqual(digestOf(one!), digestOf(other!));
  });
});

describe('memory', () => {
  it('does not grow with people and items that come and go', () => {
    const settings = { ...defaultFoldSettings, maxPeople: 50, maxItems: 40, maxSessions: 100 };
    const state = createState(settings);
    let n = 0;
    const fold = (count: number) => {
      for (const end = n + count; n < end; n++) {
        const [user, itemId] = [`user ${n % 7_919}`, `item ${n % 4_001}`];
        const session = n % 3 === 0 ? `session ${n}` : '';
        apply(state, [
          event('itemViewed', { itemId }, { user, session, at: n }),
          event('itemViewed', { itemId: `item ${(n * 7) % 997}` }, { visitor: `visitor ${n % 5_003}`, at: n }),
          event('cartAdded', { itemId }, { user, at: n }),
          ...(n % 5 === 0 ? [event('identityMerged', {}, { user, visitor: `visitor ${n % 5_003}`, at: n })] : []),
          ...(n % 4 === 0 ? [event('itemUpserted', { itemId, attributes: { categories: [`c/${n}`] } })] : []),
        ]);
      }
      return [...saved(state)].reduce((sum, [, { content }]) => sum + content.byteLength, 0);
    };
    const early = fold(4_000);
    const later = fold(12_000);
    assert.ok(later < early * 1.1, `${early} bytes became ${later}`);
    assertSound(state.tenant('default')!);
  });
});

function text(sections: ReadonlyMap<string, Section>): string {
  return [...sections.values()].map(({ content }) => Buffer.from(content).toString('latin1')).join('\n');
}
