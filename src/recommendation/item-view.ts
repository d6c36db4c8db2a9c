import type { CustomValue, ItemView } from '../expressions/item-view.ts';
import { stockStates } from './fold/catalogue.ts';
import type { TenantState } from './fold/tenant-state.ts';

const stockNames = {
  [stockStates.unknown]: 'in_stock',
  [stockStates.inStock]: 'in_stock',
  [stockStates.outOfStock]: 'out_of_stock',
  [stockStates.preorder]: 'preorder',
} as const;

/** An item of which only its id is known. */
export function bareItemView(id: string): ItemView {
  return { id, categories: [], tags: [], stock: 'in_stock', custom: {} };
}

/** An item as filters and boosts see it. */
export function itemViewOf({ catalogue }: TenantState, item: number): ItemView {
  const id = catalogue.idOf(item);
  const stock = stockNames[catalogue.stockOf(item) as keyof typeof stockNames] ?? 'in_stock';
  const description = catalogue.describedBy(item);
  if (description === undefined) return { ...bareItemView(id), stock };
  const { price } = description;
  return {
    id,
    title: description.title,
    description: description.description,
    type: description.itemType,
    categories: catalogue.categoriesOf(item),
    tags: description.tags,
    price: price === undefined ? undefined : Number(price.micros) / 1e6,
    currency: price?.currencyCode,
    brand: description.brand,
    group: description.groupId,
    stock,
    custom: Object.fromEntries(description.custom) as Record<string, CustomValue>,
  };
}
