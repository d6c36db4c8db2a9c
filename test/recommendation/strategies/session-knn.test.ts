import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import type { SessionKnnSettings } from '../../../src/recommendation/strategies/neighbours.ts';
import { createSessionKnn } from '../../../src/recommendation/strategies/session-knn.ts';
import type { Query } from '../../../src/recommendation/strategies/strategy.ts';
import { tenantOf, viewed } from '../tenant-fixture.ts';

interface Scored {
  readonly itemId: string;
  readonly score: number;
}

/** The method as the paper tells it, written for reading: maps, whole sorts, nothing kept. */
function naive(
  sessions: readonly (readonly string[])[],
  asking: readonly string[],
  settings: SessionKnnSettings,
): Scored[] {
  const window = asking.slice(-settings.lastItems);
  const different = new Set(window).size;
  const similarities = new Map<number, number>();
  for (const item of new Set(window)) {
    const position = window.length - 1 - window.lastIndexOf(item);
    for (const [number, items] of sessions.entries()) {
      if (!items.includes(item)) continue;
      similarities.set(number, (similarities.get(number) ?? 0) + (window.length - position) / different);
    }
  }
  const newest = [...similarities].sort((a, b) => b[0] - a[0]).slice(0, settings.mostRecentSessions);
  const neighbours = newest.sort((a, b) => b[1] - a[1] || b[0] - a[0]).slice(0, settings.neighbours);
  const scores = new Map<string, number>();
  for (const [number, similarity] of neighbours) {
    const items = new Set(sessions[number]);
    const place = window.toReversed().findIndex((item) => items.has(item)) + 1;
    for (const item of items) {
      const holders = sessions.filter((held) => held.includes(item)).length;
      const idf = Math.log(sessions.length / holders) * settings.idfWeighting;
      const gain = (place < 100 ? 1 - 0.1 * place : 0) * similarity * (idf > 0 ? idf : 1);
      scores.set(item, (scores.get(item) ?? 0) + gain);
    }
  }
  return [...scores].map(([itemId, score]) => ({ itemId, score }));
}

function query(tenant: TenantState, asking: readonly string[], sessionNumber = -1): Query {
  const session = Int32Array.from(asking, (id) => tenant.catalogue.numberOf(id) ?? -1 - asking.indexOf(id));
  return { session, sessionNumber, person: -1, category: '', only: undefined, explain: false };
}

function ranked(tenant: TenantState, settings: SessionKnnSettings, asked: Query, limit = 1_000): Scored[] {
  const found = createSessionKnn(settings)(tenant, asked, limit, () => true);
  return found.map(({ item, score }) => ({ itemId: tenant.catalogue.idOf(item), score }));
}

const settings: SessionKnnSettings = { mostRecentSessions: 500, neighbours: 50, lastItems: 2, idfWeighting: 1 };

describe('VMIS-kNN', () => {
  const itemId = fc.integer({ min: 0, max: 12 }).map((number) => `i${number}`);
  const session = fc.array(itemId, { minLength: 1, maxLength: 8 });

  it('gives what the plain form of the method gives, on any sessions', () => {
    const cases = fc.record({
      sessions: fc.array(session, { minLength: 1, maxLength: 25 }),
      asking: fc.array(fc.oneof(itemId, fc.constant('unknown')), { minLength: 1, maxLength: 14 }),
      settings: fc.record({
        mostRecentSessions: fc.integer({ min: 1, max: 20 }),
        neighbours: fc.integer({ min: 1, max: 10 }),
        lastItems: fc.integer({ min: 1, max: 14 }),
        idfWeighting: fc.constantFrom(0, 1, 2),
      }),
    });
    fc.assert(
      fc.property(cases, ({ sessions, asking, settings }) => {
        const tenant = tenantOf(sessions.flatMap((items, number) => viewed(`s${number}`, ...items)));
        const found = ranked(tenant, settings, query(tenant, asking));
        const expected = new Map(naive(sessions, asking, settings).map(({ itemId, score }) => [itemId, score]));
        assert.deepEqual(found.map(({ itemId }) => itemId).sort(), [...expected.keys()].sort());
        for (const { itemId, score } of found) assert.ok(Math.abs(score - expected.get(itemId)!) < 1e-9, itemId);
        for (let at = 1; at < found.length; at++) assert.ok(found[at - 1]!.score >= found[at]!.score);
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same again: nothing is left in its arrays', () => {
    const tenant = tenantOf([...viewed('a', '1', '2', '3'), ...viewed('b', '2', '4'), ...viewed('c', '1', '4', '5')]);
    const strategy = createSessionKnn(settings);
    const first = strategy(tenant, query(tenant, ['1', '2']), 10, () => true);
    strategy(tenant, query(tenant, ['4']), 10, () => true);
    assert.deepEqual(
      strategy(tenant, query(tenant, ['1', '2']), 10, () => true),
      first,
    );
  });

  it('never takes the asking session for its own neighbour', () => {
    const tenant = tenantOf([...viewed('own', '1', '2', '9'), ...viewed('other', '1', '3')]);
    const own = tenant.sessions.numberOf('own')!;
    const found = ranked(tenant, settings, query(tenant, ['9', '1'], own));
    assert.deepEqual(found.map(({ itemId }) => itemId).sort(), ['1', '3']);
  });

  it('prefers the newer of two sessions that are equally similar', () => {
    const tenant = tenantOf([...viewed('old', '1', 'old'), ...viewed('new', '1', 'new')]);
    const found = ranked(tenant, { ...settings, neighbours: 1 }, query(tenant, ['1']));
    assert.deepEqual(found.map(({ itemId }) => itemId).sort(), ['1', 'new']);
  });

  it('ends when it was told yes often enough, best first', () => {
    const tenant = tenantOf([...viewed('a', '1', '2'), ...viewed('b', '1', '2', '3'), ...viewed('c', '4')]);
    const all = ranked(tenant, settings, query(tenant, ['1']));
    assert.deepEqual(ranked(tenant, settings, query(tenant, ['1']), 2), all.slice(0, 2));
  });

  it('has no opinion where it knows none of the items', () => {
    const tenant = tenantOf(viewed('a', '1', '2'));
    assert.deepEqual(ranked(tenant, settings, query(tenant, ['8', '9'])), []);
    assert.deepEqual(ranked(tenant, settings, query(tenant, [])), []);
  });
});
