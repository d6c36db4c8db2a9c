/** Intent: what a person is about to take. */
import type {
  CartAdded,
  CartRemoved,
  CheckoutStarted,
  ItemShared,
  ListAdded,
  ListRemoved,
} from '../../../../gen/palate/event/v1/intent_pb.ts';
import { emptyCart, putIn, takeOut } from '../cart.ts';
import { addToList, takeFromList } from '../lists.ts';
import type { Price } from '../price.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { type Line, linesOf, priceOf } from './values.ts';
import { enterSession, visit } from './visit.ts';

export const intentAppliers = {
  cartAdded(tenant: TenantState, occasion: Occasion, value: CartAdded): void {
    const item = tenant.catalogue.intern(value.itemId);
    putIntoCart(tenant, occasion, value.cartId, item, value.quantity ?? 1, priceOf(value.unitPrice));
  },

  cartRemoved(tenant: TenantState, occasion: Occasion, value: CartRemoved): void {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1) return;
    removeFromCart(tenant, occasion, value.cartId, tenant.catalogue.intern(value.itemId), value.quantity ?? 1);
  },

  listAdded(tenant: TenantState, occasion: Occasion, value: ListAdded): void {
    putOnList(tenant, occasion, value.listId, tenant.catalogue.intern(value.itemId));
  },

  listRemoved(tenant: TenantState, occasion: Occasion, value: ListRemoved): void {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1) return;
    removeFromList(tenant, occasion, value.listId, tenant.catalogue.intern(value.itemId));
  },

  /** The lines, where there are any, say what the cart holds. */
  checkoutStarted(tenant: TenantState, occasion: Occasion, value: CheckoutStarted): void {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1 || value.lines.length === 0) return;
    fillCart(tenant, occasion.person, value.cartId, linesOf(tenant, value.lines));
  },

  itemShared(tenant: TenantState, occasion: Occasion, value: ItemShared): void {
    visit(tenant, occasion, tenant.catalogue.intern(value.itemId), signalWeights.share);
  },
};

/** The cart holds these lines and no others. */
export function fillCart(tenant: TenantState, person: number, cartId: string, lines: readonly Line[]): void {
  const holder = tenant.people.record(person);
  emptyCart(holder, cartId);
  for (const { item, quantity, unitPrice } of lines) {
    putIn(holder, cartId, item, quantity, unitPrice, tenant.settings.cartLinesPerPerson);
  }
}

/** A visit, and a line of the person's cart. */
export function putIntoCart(
  tenant: TenantState,
  occasion: Occasion,
  cartId: string,
  item: number,
  quantity: number,
  price: Price | undefined,
): void {
  visit(tenant, occasion, item, signalWeights.cart);
  if (occasion.person === -1) return;
  const holder = tenant.people.record(occasion.person);
  putIn(holder, cartId, item, quantity, price, tenant.settings.cartLinesPerPerson);
}

/** Of somebody known. */
export function removeFromCart(
  tenant: TenantState,
  occasion: Occasion,
  cartId: string,
  item: number,
  quantity: number,
): void {
  tenant.people.addInteraction(occasion.person, item, occasion.eventType, occasion.occurredAtMicros);
  if (tenant.people.recordOf(occasion.person).cart === undefined) return;
  takeOut(tenant.people.record(occasion.person), cartId, item, quantity);
}

/** A visit, and an entry of one of the person's lists. */
export function putOnList(tenant: TenantState, occasion: Occasion, listId: string, item: number): void {
  visit(tenant, occasion, item, signalWeights.list);
  if (occasion.person === -1) return;
  addToList(
    tenant.people.record(occasion.person),
    listId,
    item,
    tenant.settings.listsPerPerson,
    tenant.settings.itemsPerList,
  );
}

/** Of somebody known. */
export function removeFromList(tenant: TenantState, occasion: Occasion, listId: string, item: number): void {
  tenant.people.addInteraction(occasion.person, item, occasion.eventType, occasion.occurredAtMicros);
  if (tenant.people.recordOf(occasion.person).lists === undefined) return;
  takeFromList(tenant.people.record(occasion.person), listId, item);
}
