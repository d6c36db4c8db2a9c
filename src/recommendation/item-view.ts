import type { CustomValue, ItemView } from '../expressions/item-view.ts';
import { stockStates } from './fold/catalogue.ts';
import { type ItemDescription, undescribed } from './fold/item-description.ts';
import type { TenantState } from './fold/tenant-state.ts';

/** An item of which only its id is known. */
export function bareItemView(id: string): ItemView {
  return { id, categories: [], tags: [], stock: 'in_stock', custom: new Map() };
}

/** An item as filters and boosts see it. What they do not read is not made. */
export function itemViewOf(tenant: TenantState, item: number): ItemView {
  return new CatalogueItem(tenant.catalogue, item);
}

class CatalogueItem implements ItemView {
  readonly #catalogue: TenantState['catalogue'];
  readonly #item: number;
  readonly #description: ItemDescription;

  constructor(catalogue: TenantState['catalogue'], item: number) {
    this.#catalogue = catalogue;
    this.#item = item;
    this.#description = catalogue.describedBy(item) ?? undescribed;
  }

  get id(): string {
    return this.#catalogue.idOf(this.#item);
  }

  get title(): string | undefined {
    return this.#description.title;
  }

  get description(): string | undefined {
    return this.#description.description;
  }

  get type(): string | undefined {
    return this.#description.itemType;
  }

  get categories(): readonly string[] {
    return this.#catalogue.categoriesOf(this.#item);
  }

  get tags(): readonly string[] {
    return this.#description.tags;
  }

  get price(): number | undefined {
    const { price } = this.#description;
    return price === undefined ? undefined : Number(price.micros) / 1e6;
  }

  get currency(): string | undefined {
    return this.#description.price?.currencyCode;
  }

  get brand(): string | undefined {
    return this.#description.brand;
  }

  get group(): string | undefined {
    return this.#description.groupId;
  }

  get stock(): ItemView['stock'] {
    const state = this.#catalogue.stockOf(this.#item);
    if (state === stockStates.outOfStock) return 'out_of_stock';
    return state === stockStates.preorder ? 'preorder' : 'in_stock';
  }

  get custom(): ReadonlyMap<string, CustomValue> {
    return this.#description.custom;
  }
}
