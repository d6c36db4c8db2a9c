import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chain, type StrategyName } from '../../src/config/placements.ts';
import { explain } from '../../src/recommendation/explanation.ts';
import { rank } from '../../src/recommendation/ranking.ts';
import { createStrategies } from '../../src/recommendation/strategies/all.ts';
import { defaultSessionKnnSettings } from '../../src/recommendation/strategies/neighbours.ts';
import { defaultSessionStanSettings } from '../../src/recommendation/strategies/session-stan.ts';
import { resolveSubject } from '../../src/recommendation/subject.ts';
import { beginSeconds, tenantOf, upserted } from './tenant-fixture.ts';

const visit = (person: number, ...itemIds: string[]) =>
  itemIds.map((itemId) => ({
    userId: `secret-user-${person}`,
    visitorId: `secret-visitor-${person}`,
    sessionId: `secret-session-${person}`,
    itemViewed: { itemId },
  }));

const tenant = tenantOf([
  upserted('pasta', { title: 'Pasta', categories: ['food/dry'] }),
  upserted('pesto', { title: 'Pesto' }),
  upserted('wine', { title: 'Wine' }),
  ...visit(1, 'pasta', 'pesto', 'wine'),
  ...visit(2, 'pasta', 'wine'),
  ...visit(3, 'pesto', 'wine', 'bread'),
  ...visit(4, 'soap'),
  { itemSimilarityUpserted: { name: 'text', itemId: 'soap', neighbours: [{ itemId: 'brush', similarity: 1 }] } },
]);
const strategies = createStrategies(defaultSessionKnnSettings, defaultSessionStanSettings);

function reasons(name: StrategyName, recentItemIds: readonly string[], category = '') {
  const subject = { userId: 'asking', visitorId: '', sessionId: '', recentItemIds, contextItemId: '' };
  const { items } = rank(tenant, strategies, {
    chain: chain(name).map((link) => ({ ...link, category })),
    boosts: [],
    conditions: [],
    subject: resolveSubject(tenant, subject),
    limit: 20,
    excludeCurrent: true,
    excludeSeen: false,
    explain: true,
    only: undefined,
    skip: 0,
    fewestJudged: 20,
    nowMicros: beginSeconds * 1e6,
  });
  return new Map(items.map(({ item, evidence }) => [tenant.catalogue.idOf(item), explain(tenant, evidence)[0]!]));
}

describe('an explanation', () => {
  it('counts the sessions and names what they share, newest first', () => {
    assert.deepEqual(reasons('session', ['pasta', 'pesto']).get('wine'), {
      text: "3 earlier visits with 'Pesto' and 'Pasta' also had this",
      itemIds: ['pesto', 'pasta'],
      sessions: 3,
    });
    assert.equal(
      reasons('session', ['pesto', 'pasta']).get('bread')?.text,
      "1 earlier visit with 'Pesto' also had this",
    );
  });

  it('says what it goes with, what it is like, where it is popular', () => {
    assert.deepEqual(reasons('similar', ['pesto']).get('bread'), {
      text: "Often seen together with 'Pesto'",
      itemIds: ['pesto'],
      sessions: 0,
    });
    assert.equal(reasons('similar', ['soap']).get('brush')?.text, "Similar to 'soap'");
    assert.equal(reasons('trending', []).get('wine')?.text, 'Popular now');
    assert.equal(reasons('trending', [], 'food/dry').get('pasta')?.text, 'Popular now in dry');
    assert.equal(reasons('recent', ['wine', 'soap']).get('wine')?.text, 'Looked at recently');
    assert.equal(reasons('catalogue', []).get('wine')?.text, 'From the catalogue');
  });

  it("never has another person's ids, or a session's", () => {
    for (const name of ['session', 'similar', 'trending', 'popular', 'recent', 'catalogue'] as const) {
      const all = JSON.stringify([...reasons(name, ['pasta', 'pesto', 'soap'])]);
      assert.ok(all.length > 2, name);
      assert.doesNotMatch(all, /secret/, name);
    }
  });
});
