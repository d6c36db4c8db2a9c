import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import { createCoOccurrence } from '../../../src/recommendation/strategies/co-occurrence.ts';
import { createSimilarityLists } from '../../../src/recommendation/strategies/similarity-list.ts';
import type { Strategy } from '../../../src/recommendation/strategies/strategy.ts';
import { tenantOf, viewed } from '../tenant-fixture.ts';

function scores(strategy: Strategy, tenant: TenantState, ...session: readonly string[]): [string, number][] {
  const numbers = Int32Array.from(session, (id) => tenant.catalogue.numberOf(id) ?? -1);
  const query = { session: numbers, sessionNumber: -1, person: -1, category: '', only: undefined, explain: true };
  const found = strategy(tenant, query, 50, () => true);
  return found.map(({ item, score }) => [tenant.catalogue.idOf(item), Math.round(score * 1e3) / 1e3]);
}

describe('what goes together', () => {
  const tenant = tenantOf([
    ...viewed('1', 'a', 'b'),
    ...viewed('2', 'a', 'b'),
    ...viewed('3', 'a', 'c'),
    ...viewed('4', 'd', 'c'),
  ]);

  it("shares an item's weight of 1 among its partners", () => {
    const found = scores(createCoOccurrence(), tenant, 'a');
    assert.deepEqual(found, [
      ['b', 0.667],
      ['c', 0.333],
    ]);
  });

  it('counts the newest items of the session more, each once', () => {
    const found = new Map(scores(createCoOccurrence(), tenant, 'd', 'a', 'a'));
    assert.deepEqual([found.get('b'), found.get('c')], [0.667, 0.833]);
  });

  it('has no opinion on items that nobody saw with others', () => {
    assert.deepEqual(scores(createCoOccurrence(), tenant, 'unknown'), []);
  });
});

describe('installed lists', () => {
  const list = (name: string, itemId: string, ...neighbours: [string, number][]) => ({
    itemSimilarityUpserted: {
      name,
      itemId,
      neighbours: neighbours.map(([id, similarity]) => ({ itemId: id, similarity })),
    },
  });
  const tenant = tenantOf([
    list('text', 'a', ['p', 10], ['q', 5], ['r', -1]),
    list('image', 'a', ['q', 0.5]),
    list('text', 'b', ['p', 1]),
  ]);

  it('count in proportion to their best, add up, and leave out what is unlike', () => {
    assert.deepEqual(scores(createSimilarityLists(), tenant, 'a'), [
      ['q', 1.5],
      ['p', 1],
    ]);
    assert.deepEqual(scores(createSimilarityLists(), tenant, 'b', 'a'), [
      ['p', 1.5],
      ['q', 1.5],
    ]);
  });
});
