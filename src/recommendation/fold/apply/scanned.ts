/**
 * The way of a frequent event from its bytes into the state, without a message in between. Each function here is the
 * applier of the same name with its values taken from slots; a test holds the two together.
 */
import { payloadLayout, type ScannedPayload } from '../../../events/scanned-event.ts';
import type { EventScanner } from '../../../events/scanner.ts';
import type { Price } from '../item-description.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import { addSearch, progress } from './browse.ts';
import { putIntoCart, putOnList, removeFromCart, removeFromList } from './intent.ts';
import type { Occasion } from './occasion.ts';
import { defaultScale, rate, react } from './outcome.ts';
import { enterSession, visit } from './visit.ts';

export type ScannedApplier = (tenant: TenantState, occasion: Occasion, event: EventScanner) => void;

const cartAdded = payloadLayout('cartAdded');
const cartRemoved = payloadLayout('cartRemoved');
const listAdded = payloadLayout('listAdded');
const listRemoved = payloadLayout('listRemoved');
const itemRated = payloadLayout('itemRated');
const itemReacted = payloadLayout('itemReacted');
const mediaProgressed = payloadLayout('mediaProgressed');
const served = payloadLayout('recommendationServed');
const servedItem = served.child('items');
const clicked = payloadLayout('recommendationClicked');
const stockChanged = payloadLayout('stockChanged');

const slots = {
  pageKind: payloadLayout('pageViewed').slot('kind'),
  totalResults: payloadLayout('searchPerformed').slot('totalResults'),
  mediaItem: mediaProgressed.slot('itemId'),
  mediaCompleted: mediaProgressed.slot('completed'),
  cartAddedItem: cartAdded.slot('itemId'),
  cartAddedQuantity: cartAdded.slot('quantity'),
  cartAddedPrice: cartAdded.slot('unitPrice'),
  cartAddedCurrency: cartAdded.child('unitPrice').slot('currencyCode'),
  cartAddedMicros: cartAdded.child('unitPrice').slot('micros'),
  cartAddedCart: cartAdded.slot('cartId'),
  cartRemovedItem: cartRemoved.slot('itemId'),
  cartRemovedQuantity: cartRemoved.slot('quantity'),
  cartRemovedCart: cartRemoved.slot('cartId'),
  listAddedItem: listAdded.slot('itemId'),
  listAddedList: listAdded.slot('listId'),
  listRemovedItem: listRemoved.slot('itemId'),
  listRemovedList: listRemoved.slot('listId'),
  ratedItem: itemRated.slot('itemId'),
  ratedValue: itemRated.slot('value'),
  ratedScale: itemRated.slot('scale'),
  reactedItem: itemReacted.slot('itemId'),
  reaction: itemReacted.slot('reaction'),
  servedId: served.slot('recommendationId'),
  servedPlacement: served.slot('placement'),
  servedItem: servedItem.slot('itemId'),
  servedPosition: servedItem.slot('position'),
  servedStrategy: servedItem.slot('strategy'),
  seenId: payloadLayout('recommendationSeen').slot('recommendationId'),
  clickedId: clicked.slot('recommendationId'),
  clickedItem: clicked.slot('itemId'),
  stockItem: stockChanged.slot('itemId'),
  stockState: stockChanged.slot('state'),
  stockQuantity: stockChanged.slot('quantity'),
} as const;

export const scannedAppliers: Readonly<Record<ScannedPayload, ScannedApplier>> = {
  itemViewed: visited(payloadLayout('itemViewed').slot('itemId'), signalWeights.view),
  itemClicked: visited(payloadLayout('itemClicked').slot('itemId'), signalWeights.click),
  itemShared: visited(payloadLayout('itemShared').slot('itemId'), signalWeights.share),

  pageViewed(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    tenant.traffic.countPage(event.number(slots.pageKind));
  },

  listViewed(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    countShown(tenant, event);
  },

  searchPerformed(tenant, occasion, event) {
    addSearch(tenant, occasion, event.elements + event.number(slots.totalResults));
    countShown(tenant, event);
  },

  mediaProgressed(tenant, occasion, event) {
    progress(tenant, occasion, itemOf(tenant, event, slots.mediaItem), event.number(slots.mediaCompleted) === 1);
  },

  cartAdded(tenant, occasion, event) {
    const item = itemOf(tenant, event, slots.cartAddedItem);
    const quantity = event.number(slots.cartAddedQuantity, 1);
    putIntoCart(tenant, occasion, event.text(slots.cartAddedCart), item, quantity, priceOf(event));
  },

  cartRemoved(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1) return;
    const item = itemOf(tenant, event, slots.cartRemovedItem);
    const quantity = event.number(slots.cartRemovedQuantity, 1);
    removeFromCart(tenant, occasion, event.text(slots.cartRemovedCart), item, quantity);
  },

  listAdded(tenant, occasion, event) {
    putOnList(tenant, occasion, event.text(slots.listAddedList), itemOf(tenant, event, slots.listAddedItem));
  },

  listRemoved(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1) return;
    removeFromList(tenant, occasion, event.text(slots.listRemovedList), itemOf(tenant, event, slots.listRemovedItem));
  },

  itemRated(tenant, occasion, event) {
    const item = itemOf(tenant, event, slots.ratedItem);
    rate(tenant, occasion, item, event.number(slots.ratedValue) / event.number(slots.ratedScale, defaultScale));
  },

  itemReacted(tenant, occasion, event) {
    react(tenant, occasion, itemOf(tenant, event, slots.reactedItem), event.number(slots.reaction));
  },

  recommendationServed(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    const items = new Int32Array(event.elements);
    const positions = new Int32Array(event.elements);
    const strategies: string[] = [];
    for (let i = 0; i < items.length; i++) {
      event.readElement(servedItem, i);
      items[i] = itemOf(tenant, event, slots.servedItem);
      positions[i] = event.number(slots.servedPosition, i + 1);
      strategies.push(event.text(slots.servedStrategy));
    }
    tenant.loop.serve(event.text(slots.servedId), event.text(slots.servedPlacement), items, positions, strategies);
  },

  recommendationSeen(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    const positions = Array.from({ length: event.elements }, (_, i) => event.elementNumber(i));
    tenant.loop.see(event.text(slots.seenId), positions);
  },

  recommendationClicked(tenant, occasion, event) {
    const item = itemOf(tenant, event, slots.clickedItem);
    visit(tenant, occasion, item, signalWeights.click);
    tenant.loop.click(event.text(slots.clickedId), item);
  },

  stockChanged(tenant, _, event) {
    const quantity = event.number(slots.stockQuantity, Number.NaN);
    tenant.catalogue.setStock(itemOf(tenant, event, slots.stockItem), event.number(slots.stockState), quantity);
  },
};

function visited(itemId: number, weight: number): ScannedApplier {
  return (tenant, occasion, event) => visit(tenant, occasion, itemOf(tenant, event, itemId), weight);
}

function itemOf(tenant: TenantState, event: EventScanner, slot: number): number {
  return tenant.catalogue.internBytes(event.bytes, event.from(slot), event.to(slot));
}

function countShown(tenant: TenantState, event: EventScanner): void {
  for (let i = 0; i < event.elements; i++) {
    const item = tenant.catalogue.internBytes(event.bytes, event.elementFrom(i), event.elementTo(i));
    tenant.traffic.countShown(item);
  }
}

function priceOf(event: EventScanner): Price | undefined {
  if (!event.has(slots.cartAddedPrice)) return undefined;
  return { currencyCode: event.text(slots.cartAddedCurrency), micros: BigInt(event.number(slots.cartAddedMicros)) };
}
