/**
 * The way of a frequent event from its bytes into the state, without a message in between. Each function here is the
 * applier of the same name with its values taken from slots; a test holds the two together.
 */
import { payloadLayout, type ScannedPayload } from '../../../events/scanned-event.ts';
import type { EventScanner } from '../../../events/scanner.ts';
import { ServedItems } from '../served-items.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import { addSearch, progress } from './browse.ts';
import { setPrice } from './catalogue.ts';
import { fillCart, putIntoCart, putOnList, removeFromCart, removeFromList } from './intent.ts';
import type { Occasion } from './occasion.ts';
import { place } from './orders.ts';
import { defaultScale, interact, rate, react } from './outcome.ts';
import { itemOf, linesReader, priceReader, wanted } from './scanned-values.ts';
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
const priceChanged = payloadLayout('priceChanged');
const similar = payloadLayout('itemSimilarityUpserted');
const neighbour = similar.child('neighbours');
const checkout = payloadLayout('checkoutStarted');
const order = payloadLayout('orderCompleted');
const interacted = payloadLayout('customInteracted');

payloadLayout('listViewed').want('itemIds');
payloadLayout('searchPerformed').want('resultItemIds');
served.want('items');
similar.want('neighbours');
payloadLayout('recommendationSeen').want('positions');

const slots = {
  pageKind: wanted(payloadLayout('pageViewed'), 'kind'),
  totalResults: wanted(payloadLayout('searchPerformed'), 'totalResults'),
  mediaItem: wanted(mediaProgressed, 'itemId'),
  mediaCompleted: wanted(mediaProgressed, 'completed'),
  cartAddedItem: wanted(cartAdded, 'itemId'),
  cartAddedQuantity: wanted(cartAdded, 'quantity'),
  cartAddedCart: wanted(cartAdded, 'cartId'),
  cartRemovedItem: wanted(cartRemoved, 'itemId'),
  cartRemovedQuantity: wanted(cartRemoved, 'quantity'),
  cartRemovedCart: wanted(cartRemoved, 'cartId'),
  listAddedItem: wanted(listAdded, 'itemId'),
  listAddedList: wanted(listAdded, 'listId'),
  listRemovedItem: wanted(listRemoved, 'itemId'),
  listRemovedList: wanted(listRemoved, 'listId'),
  ratedItem: wanted(itemRated, 'itemId'),
  ratedValue: wanted(itemRated, 'value'),
  ratedScale: wanted(itemRated, 'scale'),
  reactedItem: wanted(itemReacted, 'itemId'),
  reaction: wanted(itemReacted, 'reaction'),
  servedId: wanted(served, 'recommendationId'),
  servedPlacement: wanted(served, 'placement'),
  servedItem: wanted(servedItem, 'itemId'),
  servedPosition: wanted(servedItem, 'position'),
  servedStrategy: wanted(servedItem, 'strategy'),
  seenId: wanted(payloadLayout('recommendationSeen'), 'recommendationId'),
  clickedId: wanted(clicked, 'recommendationId'),
  clickedItem: wanted(clicked, 'itemId'),
  stockItem: wanted(stockChanged, 'itemId'),
  stockState: wanted(stockChanged, 'state'),
  stockQuantity: wanted(stockChanged, 'quantity'),
  priceItem: wanted(priceChanged, 'itemId'),
  similarItem: wanted(similar, 'itemId'),
  similarName: wanted(similar, 'name'),
  neighbour: wanted(neighbour, 'itemId'),
  similarity: wanted(neighbour, 'similarity'),
  checkoutCart: wanted(checkout, 'cartId'),
  orderId: wanted(order, 'orderId'),
  interactedItem: wanted(interacted, 'itemId'),
  interactedWeight: wanted(interacted, 'weight'),
} as const;

const unitPrice = priceReader(cartAdded, 'unitPrice');
const newPrice = priceReader(priceChanged, 'price');
const orderValue = priceReader(order, 'value');
const orderLines = linesReader(order);
const checkoutLines = linesReader(checkout);
const servedItems = new ServedItems();

export const scannedAppliers: Readonly<Record<ScannedPayload, ScannedApplier>> = {
  itemViewed: visited(wanted(payloadLayout('itemViewed'), 'itemId'), signalWeights.view),
  itemClicked: visited(wanted(payloadLayout('itemClicked'), 'itemId'), signalWeights.click),
  itemShared: visited(wanted(payloadLayout('itemShared'), 'itemId'), signalWeights.share),

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
    putIntoCart(tenant, occasion, event.text(slots.cartAddedCart), item, quantity, unitPrice(event));
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
    servedItems.clear();
    for (let i = 0; i < event.elements; i++) {
      event.readElement(servedItem, i);
      const item = itemOf(tenant, event, slots.servedItem);
      servedItems.add(item, event.number(slots.servedPosition, i + 1), event.text(slots.servedStrategy));
    }
    const [from, to] = [event.from(slots.servedId), event.to(slots.servedId)];
    tenant.loop.serve(event.bytes, from, to, event.text(slots.servedPlacement), servedItems);
  },

  recommendationSeen(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    const positions: number[] = [];
    for (let i = 0; i < event.elements; i++) positions.push(event.elementNumber(i));
    tenant.loop.see(event.bytes, event.from(slots.seenId), event.to(slots.seenId), positions);
  },

  recommendationClicked(tenant, occasion, event) {
    const item = itemOf(tenant, event, slots.clickedItem);
    visit(tenant, occasion, item, signalWeights.click);
    tenant.loop.click(event.bytes, event.from(slots.clickedId), event.to(slots.clickedId), item);
  },

  stockChanged(tenant, _, event) {
    const quantity = event.number(slots.stockQuantity, Number.NaN);
    tenant.catalogue.setStock(itemOf(tenant, event, slots.stockItem), event.number(slots.stockState), quantity);
  },

  priceChanged(tenant, _, event) {
    setPrice(tenant, itemOf(tenant, event, slots.priceItem), newPrice(event));
  },

  itemSimilarityUpserted(tenant, _, event) {
    const items = new Int32Array(event.elements);
    const similarities = new Float64Array(event.elements);
    for (let i = 0; i < items.length; i++) {
      event.readElement(neighbour, i);
      items[i] = itemOf(tenant, event, slots.neighbour);
      similarities[i] = event.number(slots.similarity);
    }
    const item = itemOf(tenant, event, slots.similarItem);
    tenant.similarityLists.set(item, event.text(slots.similarName), { items, similarities });
  },

  checkoutStarted(tenant, occasion, event) {
    enterSession(tenant, occasion, false);
    if (occasion.person === -1 || event.elements === 0) return;
    fillCart(tenant, occasion.person, event.text(slots.checkoutCart), checkoutLines(tenant, event));
  },

  orderCompleted(tenant, occasion, event) {
    place(tenant, occasion, event.text(slots.orderId), orderLines(tenant, event), orderValue(event));
  },

  customInteracted(tenant, occasion, event) {
    const item = itemOf(tenant, event, slots.interactedItem);
    interact(tenant, occasion, item, event.number(slots.interactedWeight, 1));
  },
};

function visited(itemId: number, weight: number): ScannedApplier {
  return (tenant, occasion, event) => visit(tenant, occasion, itemOf(tenant, event, itemId), weight);
}

function countShown(tenant: TenantState, event: EventScanner): void {
  for (let i = 0; i < event.elements; i++) {
    const item = tenant.catalogue.internBytes(event.bytes, event.elementFrom(i), event.elementTo(i));
    tenant.traffic.countShown(item);
  }
}
