/** The part of a tenant's digest that is about people, their orders and their meals. */
import type { CanonicalOrder } from './canonical-order.ts';
import { writeAttributes, writePrice } from './canonical-values.ts';
import type { CanonicalWriter } from './canonical-writer.ts';
import { each } from './chain.ts';
import type { Meal, Opinion, Order, PersonRecord } from './person.ts';
import { priceIn } from './price.ts';
import type { TenantState } from './tenant-state.ts';

/** Who there is, by id; then what is held of each. Maps stand in the order by which their entries leave. */
export function writePeople(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder): void {
  let rank = 0;
  writer.list(order.ids, ({ kind, id, person }) => {
    writer.text(kind);
    writer.text(id);
    writer.number(order.rankOf(person));
    if (order.rankOf(person) === rank++) writePerson(writer, tenant, order, person);
  });
  writer.list([...tenant.orders.strangers()], (one) => writeOrder(writer, order, one));
  writer.list([...tenant.meals.strangers()], (meal) => writeMeal(writer, order, meal));
}

function writePerson(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder, person: number): void {
  const { people, sessions } = tenant;
  const { firstSeenMicros, lastSeenMicros } = people.profile(person);
  for (const value of [people.consentOf(person), firstSeenMicros, lastSeenMicros]) writer.number(value);
  for (const session of sessions.slotsOf(person)) writer.number(session);
  writer.list(people.interactionsOf(person), ({ item, eventType, occurredAtMicros }) => {
    writer.number(order.rankOfItem(item));
    writer.number(eventType);
    writer.number(occurredAtMicros);
  });
  writeRecord(writer, order, people.recordOf(person));
}

function writeRecord(writer: CanonicalWriter, order: CanonicalOrder, record: Readonly<PersonRecord>): void {
  writeAttributes(writer, record.attributes);
  writer.list([...record.visitorIds], (id) => writer.text(id));
  writer.list([...record.opinions], ([item, opinion]) => {
    writer.number(order.rankOfItem(item));
    writeOpinion(writer, opinion);
  });
  writer.list([...each(record.cart)], (line) => {
    writer.text(line.cartId);
    writer.number(order.rankOfItem(line.item));
    writer.number(line.quantity);
    writer.optional(priceIn(line), (price) => writePrice(writer, price));
  });
  writer.list([...each(record.lists)], ({ listId, items }) => {
    writer.text(listId);
    writer.list(items, (item) => writer.number(order.rankOfItem(item)));
  });
  writer.list([...each(record.orders)], (one) => writeOrder(writer, order, one));
  writer.list([...each(record.meals)], (meal) => writeMeal(writer, order, meal));
}

function writeOpinion(writer: CanonicalWriter, opinion: Opinion): void {
  const { reaction, reactedAtMicros, rating, ratedAtMicros } = opinion;
  for (const value of [reaction, reactedAtMicros, rating, ratedAtMicros]) writer.number(value);
}

function writeOrder(writer: CanonicalWriter, order: CanonicalOrder, one: Order): void {
  writer.text(one.orderId);
  writer.number(one.occurredAtMicros);
  writer.optional(one.value, (value) => writePrice(writer, value));
  writer.list(one.items, (line) => {
    for (const value of [order.rankOfItem(line.item), line.quantity, line.refunded]) writer.number(value);
    writer.optional(priceIn(line), (price) => writePrice(writer, price));
  });
}

function writeMeal(writer: CanonicalWriter, order: CanonicalOrder, meal: Meal): void {
  writer.text(meal.imageId);
  writer.text(meal.model);
  for (const value of [meal.occurredAtMicros, meal.score, order.rankOfItem(meal.item)]) writer.number(value);
  writer.list(meal.labels, ({ name, confidence }) => {
    writer.text(name);
    writer.number(confidence);
  });
  writer.optional(meal.photo.review, (review) => {
    writer.number(review.score);
    writer.list(review.labels, (label) => writer.text(label));
    writer.text(review.reviewerId);
    writer.text(review.comment);
  });
}
