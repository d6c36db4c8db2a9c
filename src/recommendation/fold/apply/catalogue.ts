/** The catalogue: which items there are, what they are like, and whether they can be had. */
import type {
  ItemPatched,
  ItemRemoved,
  ItemSimilarityUpserted,
  ItemUpserted,
  PriceChanged,
  StockChanged,
} from '../../../../gen/palate/event/v1/catalogue_pb.ts';
import { type ItemDescription, patched, undescribed } from '../item-description.ts';
import type { Price } from '../price.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { descriptionOf, priceOf } from './values.ts';

export const catalogueAppliers = {
  itemUpserted(tenant: TenantState, _: Occasion, value: ItemUpserted): void {
    const item = tenant.catalogue.intern(value.itemId);
    describe(tenant, item, patched(undescribed, [], descriptionOf(value.attributes)), true);
  },

  itemPatched(tenant: TenantState, _: Occasion, value: ItemPatched): void {
    const item = tenant.catalogue.intern(value.itemId);
    change(tenant, item, value.unset, descriptionOf(value.set));
  },

  itemRemoved(tenant: TenantState, _: Occasion, value: ItemRemoved): void {
    const item = tenant.catalogue.intern(value.itemId);
    tenant.catalogue.remove(item);
    tenant.categories.assign(item, [], tenant.rankings);
  },

  stockChanged(tenant: TenantState, _: Occasion, value: StockChanged): void {
    tenant.catalogue.setStock(tenant.catalogue.intern(value.itemId), value.state, value.quantity ?? Number.NaN);
  },

  priceChanged(tenant: TenantState, _: Occasion, value: PriceChanged): void {
    const item = tenant.catalogue.intern(value.itemId);
    setPrice(tenant, item, priceOf(value.price));
  },

  itemSimilarityUpserted(tenant: TenantState, _: Occasion, value: ItemSimilarityUpserted): void {
    const items = Int32Array.from(value.neighbours, (neighbour) => tenant.catalogue.intern(neighbour.itemId));
    const similarities = Float64Array.from(value.neighbours, (neighbour) => neighbour.similarity);
    tenant.similarityLists.set(tenant.catalogue.intern(value.itemId), value.name, { items, similarities });
  },
};

/** Of an item that is not removed; without a price nothing changes. */
export function setPrice(tenant: TenantState, item: number, price: Price | undefined): void {
  if (price === undefined || tenant.catalogue.isRemoved(item)) return;
  describe(tenant, item, { ...(tenant.catalogue.describedBy(item) ?? undescribed), price }, false);
}

/** A removed item stays removed: only an upsert brings it back. */
function change(tenant: TenantState, item: number, unset: readonly string[], set: Partial<ItemDescription>): void {
  if (tenant.catalogue.isRemoved(item)) return;
  describe(tenant, item, patched(tenant.catalogue.describedBy(item) ?? undescribed, unset, set), false);
}

function describe(tenant: TenantState, item: number, description: ItemDescription, fresh: boolean): void {
  const before = tenant.catalogue.describedBy(item)?.categories ?? [];
  tenant.catalogue.describe(item, description, fresh);
  if (isSame(before, description.categories)) return;
  tenant.categories.assign(item, tenant.catalogue.categoriesOf(item), tenant.rankings);
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left === right || (left.length === right.length && left.every((text, i) => text === right[i]));
}
