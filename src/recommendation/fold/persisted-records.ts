/** How orders, meals and the rest of what is held of a person are written into a snapshot, and read from it. */
import type { RecordReader, RecordWriter } from './archive.ts';
import { cartKey } from './cart.ts';
import { readAttributes, readPrice, readTexts, writeAttributes, writePrice, writeTexts } from './persisted-values.ts';
import {
  type CartLine,
  emptyRecord,
  type Meal,
  type MealReview,
  type Order,
  owned,
  type PersonRecord,
} from './person.ts';
import type { References } from './references.ts';

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
    out.optional(line.unitPrice, (price) => writePrice(out, price));
  });
  out.optional(order.value, (value) => writePrice(out, value));
}

export function readOrder(from: RecordReader): Order {
  const price = () => from.optional(() => readPrice(from));
  return {
    orderId: from.text(),
    person: from.number(),
    occurredAtMicros: from.number(),
    items: from.list(() => ({
      item: from.number(),
      quantity: from.number(),
      refunded: from.number(),
      unitPrice: price(),
    })),
    value: price(),
  };
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
  out.list(record.cart.values(), record.cart.size, (line) => writeLine(out, line));
  out.list(record.lists, record.lists.size, ([listId, items]) => {
    out.text(listId);
    out.list(items, items.size, (item) => out.number(item));
  });
  out.list(record.orders, record.orders.size, (order) => out.number(orders.numberOf(order)));
  out.list(record.meals, record.meals.size, (meal) => out.number(meals.numberOf(meal)));
}

export function readRecord(from: RecordReader, { orders, meals }: SharedRecords): PersonRecord {
  const record = emptyRecord();
  record.attributes = readAttributes(from);
  from.times(() => owned(record, 'visitorIds').add(from.text()));
  from.times(() => {
    const item = from.number();
    const reacted = { reaction: from.number(), reactedAtMicros: from.number() };
    owned(record, 'opinions').set(item, { ...reacted, rating: from.number(), ratedAtMicros: from.number() });
  });
  from.times(() => {
    const line = readLine(from);
    owned(record, 'cart').set(cartKey(line.cartId, line.item), line);
  });
  from.times(() => owned(record, 'lists').set(from.text(), new Set(from.list(() => from.number()))));
  from.times(() => owned(record, 'orders').add(orders.at(from.number())));
  from.times(() => owned(record, 'meals').add(meals.at(from.number())));
  return record;
}

function writeLine(out: RecordWriter, { cartId, item, quantity, unitPrice }: CartLine): void {
  out.text(cartId);
  for (const value of [item, quantity]) out.number(value);
  out.optional(unitPrice, (price) => writePrice(out, price));
}

function readLine(from: RecordReader): CartLine {
  const line = { cartId: from.text(), item: from.number(), quantity: from.number() };
  return { ...line, unitPrice: from.optional(() => readPrice(from)) };
}
