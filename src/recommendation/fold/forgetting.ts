/** How a person or an item leaves the state, all structures at once. */
import type { Catalogue } from './catalogue.ts';
import type { Categories } from './categories.ts';
import { each } from './chain.ts';
import type { CoOccurrence } from './co-occurrence.ts';
import type { Loop } from './loop.ts';
import type { Meals } from './meals.ts';
import type { Orders } from './orders.ts';
import type { People } from './people.ts';
import type { Popularity } from './popularity.ts';
import type { SessionIndex } from './session-index.ts';
import type { SimilarityLists } from './similarity-lists.ts';
import { entries, type TallyLog } from './tally-log.ts';
import type { Traffic } from './traffic.ts';

/** Of a tenant's state, what knows people. */
interface KnowsPeople {
  readonly people: People;
  readonly sessions: SessionIndex;
  readonly orders: Orders;
  readonly meals: Meals;
}

/** Of a tenant's state, what holds something of items by themselves. */
interface KnowsItems {
  readonly catalogue: Catalogue;
  readonly categories: Categories;
  readonly rankings: readonly Popularity[];
  readonly sessions: SessionIndex;
  readonly coOccurrence: CoOccurrence;
  readonly similarityLists: SimilarityLists;
  readonly meals: Meals;
  readonly traffic: Traffic;
  readonly loop: Loop;
  readonly tallyLog: TallyLog | undefined;
}

/**
 * Forgets a person and all that is theirs. What their events gave to all (popularity, pairs, sessions) stays, and is
 * nobody's.
 */
export function forgetPerson({ people, sessions, orders, meals }: KnowsPeople, person: number): void {
  const record = people.recordOf(person);
  for (const order of each(record.orders)) orders.remove(order);
  for (const meal of each(record.meals)) meals.remove(meal);
  sessions.forgetPerson(person);
  people.forget(person);
}

/**
 * Forgets an item and all that is held of it by itself. Its number stands in sessions, carts and so on until they let go of
 * it, and leads nowhere.
 */
export function forgetItem(tenant: KnowsItems, item: number): void {
  tenant.categories.assign(item, [], tenant.rankings);
  for (const ranking of tenant.rankings) ranking.forget(item);
  tenant.sessions.forgetItem(item);
  tenant.coOccurrence.forget(item);
  tenant.similarityLists.forget(item);
  tenant.meals.forgetItem(item);
  tenant.traffic.forget(item);
  tenant.loop.forget(item);
  tenant.tallyLog?.note(entries.itemForgotten, item);
  tenant.catalogue.forget(item);
}
