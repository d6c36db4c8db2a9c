/** A person's lists of items: favourites, wishes. One that holds nothing any more is gone. */
import { append, type Linked, lengthOf, without } from './chain.ts';

export interface ItemList extends Linked<ItemList> {
  readonly listId: string;
  /** Each once, the one that was put on first is the first. Never changed in place, so that it has no room to spare. */
  items: readonly number[];
}

/** Who has lists: the one that began first is the first. */
export interface HasLists {
  lists: ItemList | undefined;
}

function listOf(holder: Readonly<HasLists>, listId: string): ItemList | undefined {
  let list = holder.lists;
  while (list !== undefined && list.listId !== listId) list = list.next;
  return list;
}

/** Puts an item on a list; the oldest item leaves a full list, the oldest list a full person. */
export function addToList(holder: HasLists, listId: string, item: number, maxLists: number, maxItems: number): void {
  const list = listOf(holder, listId);
  if (list === undefined) {
    holder.lists = append(holder.lists, { listId, items: [item], next: undefined });
    if (lengthOf(holder.lists) > maxLists) holder.lists = without(holder.lists, holder.lists);
    return;
  }
  if (list.items.includes(item)) return;
  const kept = list.items.length < maxItems ? list.items : list.items.slice(1);
  list.items = kept.concat(item);
}

export function takeFromList(holder: HasLists, listId: string, item: number): void {
  const list = listOf(holder, listId);
  const at = list?.items.indexOf(item) ?? -1;
  if (list === undefined || at === -1) return;
  list.items = list.items.toSpliced(at, 1);
  if (list.items.length === 0) holder.lists = without(holder.lists, list);
}

/** Puts all that is on the lists from `first` on onto the lists of `to`. */
export function joinLists(first: ItemList | undefined, to: HasLists, maxLists: number, maxItems: number): void {
  for (let list = first; list !== undefined; list = list.next) {
    for (const item of list.items) addToList(to, list.listId, item, maxLists, maxItems);
  }
}
