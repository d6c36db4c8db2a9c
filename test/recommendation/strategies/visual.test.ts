import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import { createVisual } from '../../../src/recommendation/strategies/visual.ts';
import { tenantOf } from '../tenant-fixture.ts';

let photos = 0;

/** A photo of an item, which lies at that angle in a plane, of so many dimensions. */
function photo(itemId: string, degrees: number, { userId = '', dimensions = 2 } = {}) {
  const angle = (degrees / 180) * Math.PI;
  const embedding = [Math.cos(angle), Math.sin(angle), 0].slice(0, dimensions);
  photos += 1;
  const imageId = `01910000-0000-7000-8000-${String(photos).padStart(12, '0')}`;
  return { userId, mealScored: { imageId, sha256: String(photos).padStart(64, '0'), score: 3, itemId, embedding } };
}

function ask(tenant: TenantState, { session = [], userId = '' }: { session?: readonly string[]; userId?: string }) {
  const query = {
    session: Int32Array.from(session, (id) => tenant.catalogue.numberOf(id) ?? -1),
    sessionNumber: -1,
    person: tenant.people.numberOf({ userId, visitorId: '' }) ?? -1,
    category: '',
    only: undefined,
    explain: true,
  };
  return createVisual()(tenant, query, 50, () => true).map(({ item, score, evidence }) => ({
    item: tenant.catalogue.idOf(item),
    score: Math.round(score * 100) / 100,
    because: evidence !== undefined && 'items' in evidence ? evidence.items.map((it) => tenant.catalogue.idOf(it)) : [],
  }));
}

describe('what looks alike', () => {
  const tenant = tenantOf([
    photo('pear', 0),
    photo('apple', 30),
    photo('lemon', 60),
    photo('milk', 150),
    photo('far', 180),
  ]);

  it('is by the angle between photos, nearest first; what is not alike is left out', () => {
    assert.deepEqual(ask(tenant, { session: ['pear'] }), [
      { item: 'apple', score: 0.87, because: ['pear'] },
      { item: 'lemon', score: 0.5, because: ['pear'] },
    ]);
  });

  it('goes by the newest item most, and counts the better of two likenesses', () => {
    assert.deepEqual(ask(tenant, { session: ['milk', 'pear'] }), [
      { item: 'apple', score: 0.87, because: ['pear'] },
      { item: 'lemon', score: 0.5, because: ['pear'] },
      { item: 'far', score: 0.43, because: ['milk'] },
    ]);
  });

  it('has nothing to go by without a photo', () => {
    assert.deepEqual(ask(tenant, { session: ['unknown'] }), []);
    assert.deepEqual(ask(tenant, {}), []);
  });

  it('goes by what the person ate of late, and by nobody else’s meals', () => {
    const fed = tenantOf([
      photo('pear', 0),
      photo('apple', 30),
      photo('lemon', 60),
      photo('lemon', 60, { userId: 'ada' }),
    ]);
    assert.deepEqual(
      ask(fed, { userId: 'ada' }).map(({ item }) => item),
      ['apple', 'pear'],
    );
    assert.deepEqual(ask(fed, { userId: 'bob' }), []);
  });

  it('compares nothing that another model saw', () => {
    const tenant = tenantOf([photo('pear', 0), photo('other', 0, { dimensions: 3 })]);
    assert.deepEqual(ask(tenant, { session: ['pear'] }), []);
  });
});
