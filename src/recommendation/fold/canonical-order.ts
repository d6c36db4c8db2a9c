/** Numbers that do not depend on the order in which ids came: an id's place among all of them, sorted. */
import type { People } from './people.ts';
import type { TenantState } from './tenant-state.ts';

export interface CanonicalOrder {
  /** Item numbers, sorted by their ids. */
  readonly items: readonly number[];
  /** By item number: its place in `items`. */
  readonly itemRanks: Int32Array;
  /** Everybody's ids, sorted, with the person each leads to. */
  readonly ids: readonly PersonId[];
  /** The rank of a person, as an event once numbered them: the place of their first id in `ids`. -1: nobody. */
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
  const itemIds = Array.from({ length: catalogue.size }, (_, item) => catalogue.idOf(item));
  const items = Array.from(itemIds, (_, item) => item).sort((a, b) => compare(itemIds[a]!, itemIds[b]!));
  const itemRanks = new Int32Array(items.length);
  for (let rank = 0; rank < items.length; rank++) itemRanks[items[rank]!] = rank;
  const ids = sortedIds(people);
  const ranks = new Map<number, number>();
  for (let rank = 0; rank < ids.length; rank++) {
    const { person } = ids[rank]!;
    if (!ranks.has(person)) ranks.set(person, rank);
  }
  return { items, itemRanks, ids, rankOf: (person) => ranks.get(people.resolve(person)) ?? -1 };
}

function sortedIds(people: People): readonly PersonId[] {
  return [...people.ids()].sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
