import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ItemView, itemFields } from '../../src/expressions/item-view.ts';
import { bareItemView, itemViewOf } from '../../src/recommendation/item-view.ts';
import { tenantOf, upserted, viewed } from './tenant-fixture.ts';

function plain(view: ItemView): Record<string, unknown> {
  const names = Object.keys(itemFields) as (keyof ItemView)[];
  return Object.fromEntries(names.map((name) => [name, view[name]]).filter(([, value]) => value !== undefined));
}

const tenant = tenantOf([
  upserted('apple', {
    title: 'Apple',
    description: 'Red and round',
    itemType: 'product',
    categories: ['fruit/apple'],
    tags: ['red'],
    price: { currencyCode: 'EUR', micros: '2500000' },
    brand: 'own',
    groupId: 'apples',
    custom: {
      colour: { stringValue: 'red' },
      weight: { numberValue: 0.2 },
      organic: { boolValue: true },
      sizes: { listValue: { values: ['s', 'm'] } },
    },
  }),
  { stockChanged: { itemId: 'apple', state: 'STOCK_STATE_PREORDER' } },
  ...viewed('s', 'unheard-of'),
  { stockChanged: { itemId: 'gone', state: 'STOCK_STATE_OUT_OF_STOCK' } },
]);
const view = (itemId: string) => itemViewOf(tenant, tenant.catalogue.numberOf(itemId)!);

it('a filter sees all that the events told of an item', () => {
  assert.deepEqual(plain(view('apple')), {
    id: 'apple',
    title: 'Apple',
    description: 'Red and round',
    type: 'product',
    categories: ['fruit', 'fruit/apple'],
    tags: ['red'],
    price: 2.5,
    currency: 'EUR',
    brand: 'own',
    group: 'apples',
    stock: 'preorder',
    custom: new Map<string, unknown>([
      ['colour', 'red'],
      ['weight', 0.2],
      ['organic', true],
      ['sizes', ['s', 'm']],
    ]),
  });
});

it('an item that was never described has its id, and counts as in stock until an event says otherwise', () => {
  assert.deepEqual(plain(view('unheard-of')), plain(bareItemView('unheard-of')));
  assert.equal(view('gone').stock, 'out_of_stock');
});
