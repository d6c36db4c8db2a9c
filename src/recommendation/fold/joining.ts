/** Joins what is held of a visitor to what is held of the user that they turned out to be. */
import { trimMap, trimSet } from './bounded.ts';
import { joinCarts } from './cart.ts';
import { type Meal, type Opinion, owned } from './person.ts';
import type { TenantState } from './tenant-state.ts';

/** The visitor's past becomes the user's. `from` leads to `to` afterwards. */
export function joinPeople(tenant: TenantState, from: number, to: number): void {
  const { settings } = tenant;
  const { opinions, cart, lists, orders, meals } = tenant.people.recordOf(from);
  const target = tenant.people.record(to);
  if (opinions.size > 0) joinOpinions(opinions, owned(target, 'opinions'), settings.opinionsPerPerson);
  if (cart.size > 0) joinCarts(cart, owned(target, 'cart'), settings.cartLinesPerPerson);
  if (lists.size > 0) joinLists(lists, owned(target, 'lists'), settings.listsPerPerson, settings.itemsPerList);
  if (orders.size > 0) {
    joinDated(orders, owned(target, 'orders'), to, settings.ordersPerPerson, (order) => tenant.orders.remove(order));
  }
  if (meals.size > 0) {
    const others = withoutTwins(tenant, meals, target.meals);
    joinDated(others, owned(target, 'meals'), to, settings.mealsPerPerson, (meal) => tenant.meals.remove(meal));
  }
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

function joinLists(
  from: ReadonlyMap<string, ReadonlySet<number>>,
  to: Map<string, Set<number>>,
  maxLists: number,
  maxItems: number,
): void {
  for (const [listId, items] of from) {
    for (const item of items) addToList(to, listId, item, maxLists, maxItems);
  }
}

/** Puts an item on a list; the oldest item leaves a full list, the oldest list a full person. */
export function addToList(
  lists: Map<string, Set<number>>,
  listId: string,
  item: number,
  maxLists: number,
  maxItems: number,
): void {
  const items = lists.get(listId) ?? new Set<number>();
  trimSet(items.add(item), maxItems);
  trimMap(lists.set(listId, items), maxLists);
}

/** Of a photo that both sent, the user's meal stands. */
function withoutTwins(tenant: TenantState, from: ReadonlySet<Meal>, to: ReadonlySet<Meal>): ReadonlySet<Meal> {
  const images = new Set([...to].map(({ imageId }) => imageId));
  const isTwin = ({ imageId }: Meal) => images.has(imageId);
  for (const meal of from) if (isTwin(meal)) tenant.meals.remove(meal);
  return new Set([...from].filter((meal) => !isTwin(meal)));
}

/** Orders and meals, by their times; the oldest beyond the bound are forgotten. */
function joinDated<T extends { person: number; readonly occurredAtMicros: number }>(
  from: ReadonlySet<T>,
  to: Set<T>,
  person: number,
  max: number,
  forget: (one: T) => void,
): void {
  const joined = [...to, ...from].sort((a, b) => a.occurredAtMicros - b.occurredAtMicros);
  to.clear();
  for (const one of joined) {
    one.person = person;
    to.add(one);
    const oldest = trimSet(to, max);
    if (oldest !== undefined) forget(oldest);
  }
}
