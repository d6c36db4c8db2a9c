/** Numbers that do not depend on the order in which ids came: an id's place among all of them, sorted. */
import type { People } from './people.ts';
import type { TenantState } from './tenant-state.ts';

export interface CanonicalOrder {
  /** Item numbers, sorted by their ids. */
  readonly items: readonly number[];
  /** An item's place in `items`. -1: none, or one that was forgotten. */
  rankOfItem(item: number): number;
  /** Everybody's ids, sorted, with the person each leads to. */
  readonly ids: readonly PersonId[];
  /** The rank of a person: the place of their first id in `ids`. -1: nobody. */
  rankOf(person: number): number;
}

interface PersonId {
  readonly kind: 'user' | 'visitor';
  readonly id: string;
  readonly person: number;
}

/** Sorts by UTF-16 code units, users before visitors. */
export function canonicalOrder(tenant: TenantState): CanonicalOrder {
  const { catalogue, people } = tenant;
  const itemIds = Array.from(catalogue.items(), (item) => catalogue.idOf(item));
  const places = Array.from(itemIds, (_, place) => place).sort((a, b) => compare(itemIds[a]!, itemIds[b]!));
  const itemRanks = new Int32Array(places.length);
  for (let rank = 0; rank < places.length; rank++) itemRanks[places[rank]!] = rank;
  const ids = sortedIds(people);
  const ranks = new Map<number, number>();
  for (let rank = 0; rank < ids.length; rank++) {
    const { person } = ids[rank]!;
    if (!ranks.has(person)) ranks.set(person, rank);
  }
  return {
    items: places.map((place) => tenant.items.at(place)),
    rankOfItem: (item) => itemRanks[tenant.items.of(item)] ?? -1,
    ids,
    rankOf: (person) => ranks.get(person) ?? -1,
  };
}

function sortedIds(people: People): readonly PersonId[] {
  return [...people.ids()].sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
