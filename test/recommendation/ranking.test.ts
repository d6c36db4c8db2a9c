import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chain, type StrategyName } from '../../src/config/placements.ts';
import { compileCondition } from '../../src/expressions/condition.ts';
import type { TenantState } from '../../src/recommendation/fold/tenant-state.ts';
import { type Ranking, type RankingRequest, rank } from '../../src/recommendation/ranking.ts';
import { createStrategies } from '../../src/recommendation/strategies/all.ts';
import { defaultSessionKnnSettings } from '../../src/recommendation/strategies/neighbours.ts';
import { defaultSessionStanSettings } from '../../src/recommendation/strategies/session-stan.ts';
import { resolveSubject, type SubjectRequest } from '../../src/recommendation/subject.ts';
import { beginSeconds, foldInto, freshState, tenantOf, upserted, viewed, viewedBy } from './tenant-fixture.ts';

const strategies = createStrategies(defaultSessionKnnSettings, defaultSessionStanSettings);
const anyone: SubjectRequest = { userId: '', visitorId: '', sessionId: '', recentItemIds: [], contextItemId: '' };
const nowMicros = (beginSeconds + 1_000) * 1e6;

function ranking(
  tenant: TenantState,
  names: readonly StrategyName[],
  subject: Partial<SubjectRequest>,
  rules: Partial<RankingRequest> = {},
): Ranking {
  return rank(tenant, strategies, {
    chain: chain(...names),
    boosts: [],
    conditions: [],
    subject: resolveSubject(tenant, { ...anyone, ...subject }),
    limit: 20,
    excludeCurrent: true,
    excludeSeen: false,
    explain: false,
    only: undefined,
    skip: 0,
    fewestJudged: 20,
    nowMicros,
    ...rules,
  });
}

function idsOf(tenant: TenantState, { items }: Ranking): string[] {
  return items.map(({ item }) => tenant.catalogue.idOf(item));
}

function ids(
  tenant: TenantState,
  names: readonly StrategyName[],
  subject: Partial<SubjectRequest>,
  rules: Partial<RankingRequest> = {},
) {
  return idsOf(tenant, ranking(tenant, names, subject, rules));
}

/** Three visits: a, b and c go together. */
const visits = [...viewed('s1', 'a', 'b'), ...viewed('s2', 'a', 'b', 'c'), ...viewed('s3', 'z')];
const everything: StrategyName[] = ['session', 'similar', 'trending', 'catalogue'];

describe('what is eligible', () => {
  it('leaves out a removed item, and takes it back when it is upserted anew', () => {
    const state = freshState();
    const tenant = foldInto(state, [...visits, { itemRemoved: { itemId: 'b' } }]);
    assert.ok(!ids(tenant, everything, { recentItemIds: ['a'] }).includes('b'));
    foldInto(state, [upserted('b')]);
    assert.ok(ids(tenant, everything, { recentItemIds: ['a'] }).includes('b'));
  });

  it('leaves out what is out of stock; preorder is fine', () => {
    const state = freshState();
    const tenant = foldInto(state, [...visits, { stockChanged: { itemId: 'b', state: 'STOCK_STATE_OUT_OF_STOCK' } }]);
    assert.ok(!ids(tenant, everything, { recentItemIds: ['a'] }).includes('b'));
    foldInto(state, [{ stockChanged: { itemId: 'b', state: 'STOCK_STATE_PREORDER' } }]);
    assert.ok(ids(tenant, everything, { recentItemIds: ['a'] }).includes('b'));
  });

  it('goes by the moment that is handed in, from available_from up to available_to', () => {
    const iso = (seconds: number) => new Date((beginSeconds + seconds) * 1_000).toISOString();
    const tenant = tenantOf([upserted('x', { availableFrom: iso(100), availableTo: iso(200) })]);
    const at = (seconds: number) => ids(tenant, ['catalogue'], {}, { nowMicros: (beginSeconds + seconds) * 1e6 });
    assert.deepEqual([at(99), at(100), at(199), at(200)], [[], ['x'], ['x'], []]);
  });

  for (const reaction of ['REACTION_DISLIKE', 'REACTION_HIDE', 'REACTION_NOT_INTERESTED']) {
    it(`leaves out for a person, and for nobody else, what they gave ${reaction}`, () => {
      const tenant = tenantOf([...visits, { userId: 'u', itemReacted: { itemId: 'b', reaction } }]);
      assert.ok(!ids(tenant, everything, { userId: 'u', recentItemIds: ['a'] }).includes('b'));
      assert.ok(ids(tenant, everything, { userId: 'v', recentItemIds: ['a'] }).includes('b'));
    });
  }

  it('takes an item back when the reaction is withdrawn', () => {
    const reacted = (reaction: string) => ({ userId: 'u', itemReacted: { itemId: 'b', reaction } });
    const tenant = tenantOf([...visits, reacted('REACTION_HIDE'), reacted('REACTION_WITHDRAWN')]);
    assert.ok(ids(tenant, everything, { userId: 'u', recentItemIds: ['a'] }).includes('b'));
  });
});

describe('the current item', () => {
  it('is left out by default, and older items of the session are not', () => {
    const tenant = tenantOf(visits);
    const found = ids(tenant, ['session'], { recentItemIds: ['b', 'a'] });
    assert.ok(!found.includes('a'));
    assert.ok(found.includes('b'));
  });

  it('is let through where the caller says so', () => {
    const tenant = tenantOf(visits);
    assert.ok(ids(tenant, ['session'], { recentItemIds: ['b', 'a'] }, { excludeCurrent: false }).includes('a'));
  });

  it('is the context item where there is one', () => {
    const tenant = tenantOf(visits);
    const found = ids(tenant, ['session'], { recentItemIds: ['a'], contextItemId: 'b' });
    assert.ok(found.includes('a'));
    assert.ok(!found.includes('b'));
  });

  it('is the latest of the session in the state', () => {
    const tenant = tenantOf([...visits, ...viewed('mine', 'b', 'a')]);
    const found = ids(tenant, ['session'], { sessionId: 'mine' });
    assert.ok(!found.includes('a'));
    assert.ok(found.includes('b'));
  });
});

describe('what was seen', () => {
  it('is left out with excludeSeen: the session, and what the person did before', () => {
    const tenant = tenantOf([...visits, ...viewedBy('u', 'b')]);
    const unseen = (subject: Partial<SubjectRequest>) =>
      ids(tenant, ['session', 'catalogue'], subject, { excludeSeen: true }).sort();
    assert.deepEqual(unseen({ recentItemIds: ['z', 'a'] }), ['b', 'c']);
    assert.deepEqual(unseen({ userId: 'u', recentItemIds: ['a'] }), ['c', 'z']);
  });
});

describe('whose session it is', () => {
  it("is the person's latest where none is named", () => {
    const tenant = tenantOf([...visits, ...viewedBy('u', 'a')]);
    assert.deepEqual(ids(tenant, ['recent'], { userId: 'u' }, { excludeCurrent: false }), ['a']);
    assert.ok(ids(tenant, ['session'], { userId: 'u' }).includes('b'));
  });

  it('uses nothing of a person who forbade it, but what the request says', () => {
    const tenant = tenantOf([
      ...visits,
      ...viewedBy('u', 'a'),
      { userId: 'u', itemReacted: { itemId: 'b', reaction: 'REACTION_HIDE' } },
      { userId: 'u', consentChanged: { personalised: false } },
    ]);
    assert.deepEqual(ids(tenant, ['session', 'recent'], { userId: 'u' }), []);
    assert.ok(ids(tenant, ['session'], { userId: 'u', recentItemIds: ['a'] }).includes('b'));
  });

  it('is nobody of another tenant', () => {
    const state = freshState();
    foldInto(state, visits, 'one');
    const other = foldInto(state, viewed('s1', 'q', 'r'), 'two');
    const found = ids(other, everything, { sessionId: 's1', recentItemIds: ['a', 'q'] });
    assert.deepEqual(found, ['r']);
  });
});

describe('filter and boosts', () => {
  const priced = [
    ...visits,
    upserted('b', { price: { currencyCode: 'EUR', micros: '2000000' } }),
    upserted('c', { price: { currencyCode: 'EUR', micros: '9000000' }, brand: 'own' }),
  ];

  it('lets through only what meets every condition', () => {
    const tenant = tenantOf(priced);
    const conditions = [compileCondition('item.price < 10.0'), compileCondition('item.price > 5.0')];
    assert.deepEqual(ids(tenant, everything, { recentItemIds: ['a'] }, { conditions }), ['c']);
  });

  it('lifts what a boost picks, also past what would have filled the places', () => {
    const tenant = tenantOf(priced);
    const plain = ids(tenant, ['session'], { recentItemIds: ['a'] }, { limit: 1 });
    const boosts = [{ condition: compileCondition('item.id == "b"'), factor: 50 }];
    assert.deepEqual(plain, ['c']);
    assert.deepEqual(ids(tenant, ['session'], { recentItemIds: ['a'] }, { limit: 1, boosts }), ['b']);
  });

  it('says that it is incomplete when the budget ran out, and stops there', () => {
    const items = Array.from({ length: 60 }, (_, number) => upserted(`i${number}`, { tags: ['x'] }));
    const tenant = tenantOf(items);
    const conditions = [compileCondition('item.tags.all(a, item.tags.all(b, a != b))')];
    const found = ranking(tenant, ['catalogue'], {}, { conditions });
    assert.deepEqual([found.items.length, found.incomplete, found.position], [0, true, 20]);
    assert.equal(
      ranking(tenant, ['catalogue'], {}, { conditions: [compileCondition('item.price < 1.0')] }).incomplete,
      false,
    );
  });
});

describe('the chain', () => {
  it('fills the places in order, gives no item twice, and keeps to the limit', () => {
    const tenant = tenantOf([...visits, ...viewed('s4', 'y')]);
    const found = ranking(tenant, everything, { recentItemIds: ['a'] });
    const found3 = ids(tenant, everything, { recentItemIds: ['a'] }, { limit: 3 });
    const all = idsOf(tenant, found);
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual([...all].sort(), ['b', 'c', 'y', 'z']);
    assert.deepEqual(found3, all.slice(0, 3));
    assert.deepEqual([...new Set(found.items.map(({ strategy }) => strategy))], ['session', 'trending']);
  });

  it('ends at the catalogue, so that it is not empty while anything is eligible', () => {
    const tenant = tenantOf([upserted('old'), upserted('new')]);
    const found = ranking(tenant, everything, { recentItemIds: ['unheard-of'] });
    assert.deepEqual(idsOf(tenant, found), ['new', 'old']);
    assert.deepEqual(
      found.items.map(({ strategy }) => strategy),
      ['catalogue', 'catalogue'],
    );
  });

  it('keeps a link to its category', () => {
    const tenant = tenantOf([
      upserted('apple', { categories: ['fruit/apple'] }),
      upserted('nut', { categories: ['nuts'] }),
      ...viewed('s', 'apple', 'nut'),
    ]);
    const link = { strategy: 'trending', weight: 1, category: 'fruit' } as const;
    assert.deepEqual(ids(tenant, [], {}, { chain: [link] }), ['apple']);
    const resort = { strategy: 'catalogue', weight: 1, category: 'nuts' } as const;
    assert.deepEqual(ids(tenant, [], {}, { chain: [link, resort] }), ['apple', 'nut']);
  });

  it('multiplies scores by the weight', () => {
    const tenant = tenantOf(visits);
    const scoreBy = (weight: number) =>
      ranking(tenant, [], { recentItemIds: ['a'] }, { chain: [{ strategy: 'session', weight, category: '' }] })
        .items[0]!.score;
    assert.ok(Math.abs(scoreBy(0.5) - scoreBy(1) / 2) < 1e-12);
  });
});

describe('single strategies', () => {
  it('similar: what is looked at together, most first, then what lists say', () => {
    const tenant = tenantOf([
      ...visits,
      {
        itemSimilarityUpserted: {
          name: 'text',
          itemId: 'a',
          neighbours: [
            { itemId: 'p', similarity: 0.9 },
            { itemId: 'b', similarity: 0.8 },
            { itemId: 'q', similarity: 0.3 },
          ],
        },
      },
    ]);
    assert.deepEqual(ids(tenant, ['similar'], { contextItemId: 'a' }), ['b', 'c', 'p', 'q']);
  });

  it('trending: what people do most, best first', () => {
    const tenant = tenantOf([...viewed('s1', 'a', 'b'), ...viewed('s2', 'b'), ...viewed('s3', 'b', 'a', 'c')]);
    assert.deepEqual(ids(tenant, ['trending'], {}), ['b', 'a', 'c']);
    assert.deepEqual(
      ids(tenant, ['popular'], {}, { only: [tenant.catalogue.numberOf('c')!, tenant.catalogue.numberOf('a')!] }),
      ['a', 'c'],
    );
  });
});
