/** How orders, meals and the rest of what is held of a person are written into a snapshot, and read from it. */
import type { RecordReader, RecordWriter } from './archive.ts';
import type { CartLine } from './cart.ts';
import { chained, each, lengthOf } from './chain.ts';
import type { ItemList } from './lists.ts';
import { readAttributes, readPrice, readTexts, writeAttributes, writePrice, writeTexts } from './persisted-values.ts';
import {
  emptyRecord,
  type Meal,
  type MealReview,
  type Order,
  type OrderedItem,
  owned,
  type PersonRecord,
} from './person.ts';
import { priceIn } from './price.ts';
import type { References } from './references.ts';
import { smallNumber } from './small-number.ts';

/** What people's records share with others. */
export interface SharedRecords {
  readonly orders: References<Order>;
  readonly meals: References<Meal>;
}

export function writeOrder(out: RecordWriter, order: Order): void {
  out.text(order.orderId);
  for (const value of [order.person, order.occurredAtMicros]) out.number(value);
  out.list(order.items, order.items.length, (line) => {
    for (const value of [line.item, line.quantity, line.refunded]) out.number(value);
    out.optional(priceIn(line), (price) => writePrice(out, price));
  });
  out.optional(order.value, (value) => writePrice(out, value));
}

export function readOrder(from: RecordReader): Order {
  return {
    orderId: from.text(),
    person: from.number(),
    occurredAtMicros: from.number(),
    items: from.list(() => readOrderedItem(from)).slice(),
    value: from.optional(() => readPrice(from)),
    next: undefined,
  };
}

function readOrderedItem(from: RecordReader): OrderedItem {
  const ordered = {
    item: smallNumber(from.number()),
    quantity: smallNumber(from.number()),
    refunded: smallNumber(from.number()),
  };
  const price = from.optional(() => readPrice(from));
  return { ...ordered, currencyCode: price?.currencyCode, micros: price?.micros };
}

export function writeMeal(out: RecordWriter, meal: Meal): void {
  out.text(meal.imageId);
  out.text(meal.model);
  for (const value of [meal.person, meal.occurredAtMicros, meal.score, meal.item]) out.number(value);
  out.list(meal.labels, meal.labels.length, ({ name, confidence }) => {
    out.text(name);
    out.number(confidence);
  });
  out.optional(meal.photo.review, (review) => writeReview(out, review));
}

export function readMeal(from: RecordReader): Meal {
  return {
    imageId: from.text(),
    model: from.text(),
    person: from.number(),
    occurredAtMicros: from.number(),
    score: from.number(),
    item: from.number(),
    labels: from.list(() => ({ name: from.text(), confidence: from.number() })),
    photo: { review: from.optional(() => readReview(from)) },
    next: undefined,
  };
}

function writeReview(out: RecordWriter, review: MealReview): void {
  out.number(review.score);
  writeTexts(out, review.labels);
  out.text(review.reviewerId);
  out.text(review.comment);
}

function readReview(from: RecordReader): MealReview {
  return { score: from.number(), labels: readTexts(from), reviewerId: from.text(), comment: from.text() };
}

export function writeRecord(out: RecordWriter, record: PersonRecord, { orders, meals }: SharedRecords): void {
  writeAttributes(out, record.attributes);
  writeTexts(out, [...record.visitorIds]);
  out.list(record.opinions, record.opinions.size, ([item, opinion]) => {
    const { reaction, reactedAtMicros, rating, ratedAtMicros } = opinion;
    for (const value of [item, reaction, reactedAtMicros, rating, ratedAtMicros]) out.number(value);
  });
  out.list(each(record.cart), lengthOf(record.cart), (line) => writeLine(out, line));
  out.list(each(record.lists), lengthOf(record.lists), ({ listId, items }) => {
    out.text(listId);
    out.list(items, items.length, (item) => out.number(item));
  });
  out.list(each(record.orders), lengthOf(record.orders), (order) => out.number(orders.numberOf(order)));
  out.list(each(record.meals), lengthOf(record.meals), (meal) => out.number(meals.numberOf(meal)));
}

export function readRecord(from: RecordReader, { orders, meals }: SharedRecords): PersonRecord {
  const record = emptyRecord();
  record.attributes = readAttributes(from);
  from.times(() => owned(record, 'visitorIds').add(from.text()));
  from.times(() => {
    const item = from.number();
    const reacted = { reaction: smallNumber(from.number()), reactedAtMicros: from.number() };
    owned(record, 'opinions').set(item, { ...reacted, rating: from.number(), ratedAtMicros: from.number() });
  });
  record.cart = chained(from.list(() => readLine(from)));
  record.lists = chained(from.list(() => readList(from)));
  record.orders = chained(from.list(() => orders.at(from.number())));
  record.meals = chained(from.list(() => meals.at(from.number())));
  return record;
}

function readList(from: RecordReader): ItemList {
  const listId = from.text();
  // A copy has no room to spare.
  return { listId, items: from.list(() => smallNumber(from.number())).slice(), next: undefined };
}

function writeLine(out: RecordWriter, line: CartLine): void {
  out.text(line.cartId);
  for (const value of [line.item, line.quantity]) out.number(value);
  out.optional(priceIn(line), (price) => writePrice(out, price));
}

function readLine(from: RecordReader): CartLine {
  const line = { cartId: from.text(), item: smallNumber(from.number()), quantity: smallNumber(from.number()) };
  const price = from.optional(() => readPrice(from));
  return { ...line, currencyCode: price?.currencyCode, micros: price?.micros, next: undefined };
}
