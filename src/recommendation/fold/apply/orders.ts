/** Orders: placed, corrected, given back. */
import type { OrderCompleted, OrderRefunded } from '../../../../gen/palate/event/v1/outcome_pb.ts';
import { takeBought } from '../cart.ts';
import { append, lengthOf, without } from '../chain.ts';
import type { Order, OrderedItem } from '../person.ts';
import { lessMicros, type Price } from '../price.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { type Line, linesOf, priceOf } from './values.ts';
import { enterSession, signal, visit } from './visit.ts';

export const orderAppliers = {
  orderCompleted(tenant: TenantState, occasion: Occasion, value: OrderCompleted): void {
    place(tenant, occasion, value.orderId, linesOf(tenant, value.lines), priceOf(value.value));
  },

  /** Of an order that is not held nothing is known to take back. */
  orderRefunded(tenant: TenantState, occasion: Occasion, value: OrderRefunded): void {
    enterSession(tenant, occasion, false);
    const order = tenant.orders.get(value.orderId);
    if (order === undefined) return;
    if (value.lines.length === 0) for (const line of order.items) refund(tenant, order, line, line.quantity);
    for (const line of orderedItems(linesOf(tenant, value.lines))) {
      const ordered = order.items.find((one) => one.item === line.item);
      if (ordered !== undefined) refund(tenant, order, ordered, line.quantity);
    }
    order.value = reduced(order.value, priceOf(value.value), value.lines.length === 0);
  },
};

/** The lines by item, in the order of their first line. */
function orderedItems(lines: readonly Line[]): OrderedItem[] {
  const byItem = new Map<number, OrderedItem>();
  for (const { item, quantity, unitPrice } of lines) {
    const known = byItem.get(item);
    if (known !== undefined) known.quantity += quantity;
    else byItem.set(item, orderedItem(item, quantity, unitPrice));
  }
  return Array.from(byItem.values());
}

function orderedItem(item: number, quantity: number, price: Price | undefined): OrderedItem {
  return {
    item,
    quantity,
    refunded: 0,
    currencyCode: price?.currencyCode,
    micros: price?.micros,
  };
}

/** A correction takes back what the earlier version gave; an item that was in it already is no new visit. */
export function place(
  tenant: TenantState,
  occasion: Occasion,
  orderId: string,
  lines: readonly Line[],
  value: Price | undefined,
): void {
  const items = orderedItems(lines);
  const earlier = tenant.orders.get(orderId);
  if (earlier !== undefined) withdraw(tenant, earlier);
  const person = occasion.person === -1 ? (earlier?.person ?? -1) : occasion.person;
  const { occurredAtMicros } = occasion;
  const order: Order = { orderId, person, occurredAtMicros, items, value, next: undefined };
  for (const { item } of items) {
    const isNew = !earlier?.items.some((line) => line.item === item);
    if (isNew) visit(tenant, occasion, item, signalWeights.order);
    else signal(tenant, item, signalWeights.order, occasion.occurredAtMicros);
  }
  tenant.orders.add(order);
  if (person !== -1) keep(tenant, order, earlier === undefined);
}

function keep(tenant: TenantState, order: Order, takesFromCart: boolean): void {
  const record = tenant.people.record(order.person);
  const oldest = append(record.orders, order);
  const isFull = lengthOf(oldest) > tenant.settings.ordersPerPerson;
  record.orders = isFull ? without(oldest, oldest) : oldest;
  if (isFull) tenant.orders.remove(oldest);
  if (takesFromCart) for (const line of order.items) takeBought(record, line.item, line.quantity);
}

function withdraw(tenant: TenantState, order: Order): void {
  for (const line of order.items) refund(tenant, order, line, line.quantity);
  if (order.person !== -1) {
    const record = tenant.people.record(order.person);
    record.orders = without(record.orders, order);
  }
  tenant.orders.remove(order);
}

/** Gives back at most what is left of a line, and takes back as much of the weight that it gave when it was ordered. */
function refund(tenant: TenantState, order: Order, line: OrderedItem, quantity: number): void {
  const given = Math.min(quantity, line.quantity - line.refunded);
  if (given <= 0) return;
  line.refunded += given;
  signal(tenant, line.item, -signalWeights.order * (given / line.quantity), order.occurredAtMicros);
}

function reduced(value: Price | undefined, paidBack: Price | undefined, whole: boolean): Price | undefined {
  if (value === undefined) return undefined;
  if (paidBack === undefined) return whole ? { ...value, micros: 0 } : value;
  if (paidBack.currencyCode !== value.currencyCode) return value;
  return { ...value, micros: lessMicros(value.micros, paidBack.micros) };
}
