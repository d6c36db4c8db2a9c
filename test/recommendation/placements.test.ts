import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chain, defaultPlacements } from '../../src/config/placements.ts';
import { createConditionCache } from '../../src/expressions/condition-cache.ts';
import { createPlacements, type PlacementSettings } from '../../src/recommendation/placements.ts';
import { tenantOf } from './tenant-fixture.ts';

const compile = createConditionCache();
const plain: PlacementSettings = { ...defaultPlacements['home']!, strategies: chain('trending'), limit: 3 };

function parse(_name: string, bodyJson: string): PlacementSettings {
  return { ...plain, ...(JSON.parse(bodyJson) as Partial<PlacementSettings>) };
}

function changed(name: string, bodyJson: string) {
  return { configChanged: { kind: 'CONFIG_KIND_PLACEMENT', name, bodyJson } };
}

describe('placements', () => {
  it('that are not known are refused, with those that are', () => {
    const find = createPlacements({ configured: defaultPlacements, compile, parse });
    const tenant = tenantOf([changed('own', '{}')]);
    assert.throws(() => find(tenant, 'hom'), {
      reason: 'UNKNOWN_PLACEMENT',
      message: 'there is no placement "hom": known are cart, home, item, own, trending',
    });
    assert.throws(() => find(undefined, 'constructor'), { reason: 'UNKNOWN_PLACEMENT' });
  });

  it('end at the catalogue, in the category of their last strategy', () => {
    const settings = { ...plain, strategies: [{ strategy: 'trending', weight: 1, category: 'fruit' }] } as const;
    const find = createPlacements({ configured: { fruit: settings }, compile, parse });
    assert.deepEqual(find(undefined, 'fruit').chain.at(-1), { strategy: 'catalogue', weight: 1, category: 'fruit' });
  });

  it("of a tenant's events go before the configuration's, until the event is taken back", () => {
    const find = createPlacements({ configured: defaultPlacements, compile, parse });
    const tenant = tenantOf([changed('home', '{"limit": 7}')]);
    assert.equal(find(tenant, 'home').settings.limit, 7);
    assert.equal(find(undefined, 'home').settings.limit, 20);
    assert.equal(find(tenantOf([changed('home', '{"limit": 7}'), changed('home', '')]), 'home').settings.limit, 20);
  });

  it('of events that are not valid are reported once, and the configuration holds', () => {
    const problems: string[] = [];
    const onInvalid = (name: string) => problems.push(name);
    const find = createPlacements({ configured: defaultPlacements, compile, parse, onInvalid });
    const tenant = tenantOf([changed('home', '{'), changed('item', '{"filter": "item.nosuch == 1"}')]);
    for (const name of ['home', 'home', 'item', 'item']) assert.equal(find(tenant, name).settings.limit, 20);
    assert.deepEqual(problems, ['home', 'item']);
  });

  it('of the configuration are checked at the start', () => {
    const broken = { ...plain, boosts: [{ when: 'item.', factor: 2 }] };
    assert.throws(() => createPlacements({ configured: { broken }, compile, parse }), {
      reason: 'CONFIG_INVALID',
      message: /recommendation\.placements\.broken: .*line 1, column 5/,
    });
  });
});
