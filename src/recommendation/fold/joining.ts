/** Joins what is held of a visitor to what is held of the user that they turned out to be. */
import { trimMap } from './bounded.ts';
import { joinCarts } from './cart.ts';
import { chained, each, type Linked } from './chain.ts';
import { joinLists } from './lists.ts';
import { type Meal, type Opinion, type Order, owned } from './person.ts';
import type { TenantState } from './tenant-state.ts';

/** The visitor's past becomes the user's. `from` leads to `to` afterwards. */
export function joinPeople(tenant: TenantState, from: number, to: number): void {
  const { settings } = tenant;
  const { opinions, cart, lists, orders, meals } = tenant.people.recordOf(from);
  const target = tenant.people.record(to);
  if (opinions.size > 0) joinOpinions(opinions, owned(target, 'opinions'), settings.opinionsPerPerson);
  joinCarts(cart, target, settings.cartLinesPerPerson);
  joinLists(lists, target, settings.listsPerPerson, settings.itemsPerList);
  const forgetOrder = (order: Order) => tenant.orders.remove(order);
  target.orders = joinDated([...each(orders)], target.orders, to, settings.ordersPerPerson, forgetOrder);
  const others = withoutTwins(tenant, [...each(meals)], target.meals);
  target.meals = joinDated(others, target.meals, to, settings.mealsPerPerson, (meal) => tenant.meals.remove(meal));
  tenant.sessions.mergePeople(from, to);
  tenant.people.merge(from, to);
}

/** Of two words on an item the later one holds. */
function joinOpinions(from: ReadonlyMap<number, Opinion>, to: Map<number, Opinion>, max: number): void {
  for (const [item, theirs] of from) {
    const own = to.get(item);
    if (own === undefined) {
      to.set(item, theirs);
      trimMap(to, max);
      continue;
    }
    if (theirs.reaction !== 0 && theirs.reactedAtMicros > own.reactedAtMicros) {
      own.reaction = theirs.reaction;
      own.reactedAtMicros = theirs.reactedAtMicros;
    }
    if (!Number.isNaN(theirs.rating) && !(theirs.ratedAtMicros <= own.ratedAtMicros)) {
      own.rating = theirs.rating;
      own.ratedAtMicros = theirs.ratedAtMicros;
    }
  }
}

/** Of a photo that both sent, the user's meal stands. */
function withoutTwins(tenant: TenantState, from: readonly Meal[], to: Meal | undefined): readonly Meal[] {
  const images = new Set([...each(to)].map(({ imageId }) => imageId));
  const isTwin = ({ imageId }: Meal) => images.has(imageId);
  for (const meal of from) if (isTwin(meal)) tenant.meals.remove(meal);
  return from.filter((meal) => !isTwin(meal));
}

/** Orders and meals, by their times; the oldest beyond the bound are forgotten. Answers the first of the rest. */
function joinDated<T extends Linked<T> & { person: number; readonly occurredAtMicros: number }>(
  from: readonly T[],
  to: T | undefined,
  person: number,
  max: number,
  forget: (one: T) => void,
): T | undefined {
  if (from.length === 0) return to;
  const joined = [...each(to), ...from].sort((a, b) => a.occurredAtMicros - b.occurredAtMicros);
  for (const one of joined) one.person = person;
  const surplus = Math.max(0, joined.length - max);
  for (const one of joined.slice(0, surplus)) forget(one);
  return chained(joined.slice(surplus));
}
