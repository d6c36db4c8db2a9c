import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { each } from '../../../src/recommendation/fold/chain.ts';
import { addToList, type HasLists, joinLists, takeFromList } from '../../../src/recommendation/fold/lists.ts';

const maxLists = 2;
const maxItems = 3;

/** The same with maps and sets. */
function modelAdd(lists: Map<string, Set<number>>, listId: string, item: number): void {
  const items = lists.get(listId) ?? new Set<number>();
  items.add(item);
  if (items.size > maxItems) items.delete([...items][0]!);
  lists.set(listId, items);
  if (lists.size > maxLists) lists.delete([...lists.keys()][0]!);
}

function modelTake(lists: Map<string, Set<number>>, listId: string, item: number): void {
  const items = lists.get(listId);
  items?.delete(item);
  if (items?.size === 0) lists.delete(listId);
}

const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'take', 'join'),
  who: fc.constantFrom(0, 1),
  listId: fc.constantFrom('', 'wish', 'later'),
  item: fc.nat(5),
});

function heldBy(holder: HasLists) {
  return Array.from(each(holder.lists), ({ listId, items }) => [listId, [...items]]);
}

describe('a person’s lists', () => {
  it('hold what a map of sets would, in its order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const holders: HasLists[] = [{ lists: undefined }, { lists: undefined }];
        const models = [new Map<string, Set<number>>(), new Map<string, Set<number>>()];
        for (const { kind, who, listId, item } of steps) {
          const [holder, model, other] = [holders[who]!, models[who]!, models[1 - who]!];
          if (kind === 'add') {
            addToList(holder, listId, item, maxLists, maxItems);
            modelAdd(model, listId, item);
          } else if (kind === 'take') {
            takeFromList(holder, listId, item);
            modelTake(model, listId, item);
          } else {
            joinLists(holders[1 - who]!.lists, holder, maxLists, maxItems);
            for (const [from, items] of other) for (const one of items) modelAdd(model, from, one);
          }
          assert.deepEqual(
            holders.map(heldBy),
            models.map((lists) => [...lists].map(([id, items]) => [id, [...items]])),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
