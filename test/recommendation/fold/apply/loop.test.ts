import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event, folded, item, sessionItems } from '../events.ts';

const who = { visitor: 'v' };
const served = (recommendationId: string, placement = 'home') =>
  event('recommendationServed', {
    recommendationId,
    placement,
    items: [
      { itemId: 'a', strategy: 'session' },
      { itemId: 'b', strategy: 'trending' },
      { itemId: 'c', strategy: 'session', position: 7 },
    ],
  });
const seen = (recommendationId: string, ...positions: number[]) =>
  event('recommendationSeen', { recommendationId, positions });
const clicked = (recommendationId: string, itemId: string) =>
  event('recommendationClicked', { recommendationId, itemId }, who);

function counts(events: Parameters<typeof folded>[0]) {
  const { loop } = folded(events);
  return ['session', 'trending'].map((strategy) => Object.values(loop.countsOf('home', strategy)));
}

describe('recommendationServed', () => {
  it('counts by placement and strategy, and by item, once for each id', () => {
    assert.deepEqual(counts([served('r'), served('r')]), [
      [2, 0, 0],
      [1, 0, 0],
    ]);
    const tenant = folded([served('r'), served('q')]);
    assert.deepEqual(tenant.loop.itemCounts(item(tenant, 'a')), { served: 2, seen: 0, clicked: 0 });
    assert.equal(tenant.popularity.scoreOf(0), 0);
  });

  it('remembers the latest recommendations only', () => {
    const tenant = folded([served('r'), served('q'), seen('r')], { rememberedRecommendations: 1 });
    assert.deepEqual(
      Array.from(tenant.loop.recommendations(), ({ id }) => id),
      ['q'],
    );
    assert.equal(tenant.loop.countsOf('home', 'session').seen, 0);
  });

  it('counts placements beyond the bound together', () => {
    const tenant = folded([served('r', 'p1'), served('q', 'p2')], { loopCounters: 2 });
    assert.equal(tenant.loop.countsOf('p1', 'session').served, 2);
    assert.equal(tenant.loop.countsOf('p2', 'session').served, 0);
    assert.equal(tenant.loop.countsOf('', '').served, 3);
  });
});

describe('recommendationSeen', () => {
  it('counts all places or those named, each once', () => {
    assert.deepEqual(counts([served('r'), seen('r'), seen('r')]), [
      [2, 2, 0],
      [1, 1, 0],
    ]);
    assert.deepEqual(counts([served('r'), seen('r', 2, 3)]), [
      [2, 0, 0],
      [1, 1, 0],
    ]);
    assert.deepEqual(counts([served('r'), seen('r', 7), seen('r', 1, 7)]), [
      [2, 2, 0],
      [1, 0, 0],
    ]);
    assert.deepEqual(counts([seen('unknown')]), [
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('recommendationClicked', () => {
  it('counts a click once, as seen too, and is a visit', () => {
    assert.deepEqual(counts([served('r'), clicked('r', 'b'), clicked('r', 'b')]), [
      [2, 0, 0],
      [1, 1, 1],
    ]);
    const tenant = folded([served('r'), clicked('r', 'b')]);
    const b = item(tenant, 'b');
    assert.deepEqual(tenant.loop.itemCounts(b), { served: 1, seen: 1, clicked: 1 });
    assert.equal(tenant.popularity.scoreOf(b), 1);
    assert.deepEqual(sessionItems(tenant, 0), ['b']);
  });

  it('is a visit also when the recommendation is not remembered', () => {
    const tenant = folded([clicked('r', 'b')]);
    assert.equal(tenant.popularity.scoreOf(0), 1);
    assert.equal(tenant.loop.itemCounts(0).clicked, 0);
  });
});
