import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import {
  createSessionStan,
  defaultSessionStanSettings,
  type SessionStanSettings,
} from '../../../src/recommendation/strategies/session-stan.ts';
import { tenantOf, viewed } from '../tenant-fixture.ts';

const settings = defaultSessionStanSettings;

/** The method as the paper tells it, written for reading. */
function naive(sessions: readonly (readonly string[])[], asking: readonly string[], settings: SessionStanSettings) {
  const window = asking.slice(-settings.lastItems);
  const weights = new Map(
    window.map((item, at) => [item, Math.exp((at + 1 - window.length) / settings.positionDecay)]),
  );
  const scored = sessions.flatMap((items, number) => {
    const shared = [...weights].filter(([item]) => items.includes(item));
    if (shared.length === 0) return [];
    const dot = shared.reduce((sum, [, weight]) => sum + weight, 0);
    const age = Math.exp(-(sessions.length - number) / sessions.length / settings.recencyDecay);
    return [{ items, number, similarity: (dot * age) / Math.sqrt(items.length) }];
  });
  const newest = scored.slice(-settings.mostRecentSessions);
  const neighbours = newest.toSorted((a, b) => b.similarity - a.similarity || b.number - a.number);
  const scores = new Map<string, number>();
  for (const { items, similarity } of neighbours.slice(0, settings.neighbours)) {
    const last = items.findLastIndex((item) => weights.has(item));
    for (const item of new Set(items)) {
      const distance = Math.min(...items.flatMap((held, at) => (held === item ? [Math.abs(at - last)] : [])));
      const idf =
        Math.log(sessions.length / sessions.filter((held) => held.includes(item)).length) * settings.idfWeighting;
      const gain = similarity * Math.exp(-distance / settings.distanceDecay) * (idf > 0 ? idf : 1);
      scores.set(item, (scores.get(item) ?? 0) + gain);
    }
  }
  return scores;
}

function ranked(tenant: TenantState, asking: readonly string[], settings: SessionStanSettings, explain = false) {
  const session = Int32Array.from(asking, (id) => tenant.catalogue.numberOf(id) ?? -1 - asking.indexOf(id));
  const query = { session, sessionNumber: -1, person: -1, category: '', only: undefined, explain };
  const found = createSessionStan(settings)(tenant, query, 1_000, () => true);
  return found.map(({ item, score, evidence }) => ({ itemId: tenant.catalogue.idOf(item), score, evidence }));
}

describe('STAN', () => {
  const itemId = fc.integer({ min: 0, max: 12 }).map((number) => `i${number}`);

  it('gives what the plain form of the method gives, on any sessions', () => {
    const cases = fc.record({
      sessions: fc.array(fc.array(itemId, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 25 }),
      asking: fc.array(fc.oneof(itemId, fc.constant('unknown')), { minLength: 1, maxLength: 14 }),
      mostRecentSessions: fc.integer({ min: 1, max: 20 }),
      lastItems: fc.integer({ min: 1, max: 14 }),
      decay: fc.constantFrom(0.4, 1, 3),
    });
    fc.assert(
      fc.property(cases, ({ sessions, asking, mostRecentSessions, lastItems, decay }) => {
        const own = { ...settings, mostRecentSessions, lastItems, positionDecay: decay, distanceDecay: decay };
        const tenant = tenantOf(sessions.flatMap((items, number) => viewed(`s${number}`, ...items)));
        const expected = naive(sessions, asking, own);
        const found = ranked(tenant, asking, own);
        assert.deepEqual(found.map(({ itemId }) => itemId).sort(), [...expected.keys()].sort());
        for (const { itemId, score } of found) assert.ok(Math.abs(score - expected.get(itemId)!) < 1e-9, itemId);
      }),
      { numRuns: 150 },
    );
  });

  it('prefers what stands next to the last shared item', () => {
    const tenant = tenantOf([...viewed('1', 'far', 'x', 'y', 'a', 'near'), ...viewed('2', 'z')]);
    const [first, second] = ranked(tenant, ['a'], settings).filter(({ itemId }) => itemId !== 'a');
    assert.deepEqual([first?.itemId, second?.itemId].sort(), ['near', 'y']);
    assert.equal(ranked(tenant, ['a'], settings).at(-1)?.itemId, 'far');
  });

  it('explains by sessions, as VMIS-kNN does', () => {
    const tenant = tenantOf([...viewed('1', 'a', 'b'), ...viewed('2', 'a', 'b'), ...viewed('3', 'z')]);
    const found = ranked(tenant, ['a'], settings, true).find(({ itemId }) => itemId === 'b');
    assert.deepEqual(found?.evidence, { kind: 'sessions', sessions: 2, items: [tenant.catalogue.numberOf('a')] });
  });
});
