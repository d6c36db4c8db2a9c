import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ItemPlaces } from '../../../src/recommendation/fold/item-places.ts';
import { NeighbourLists } from '../../../src/recommendation/fold/neighbour-lists.ts';

function listOf(lists: NeighbourLists, item: number): Map<number, number> {
  const into = new Int32Array(2_000);
  const weights = new Float64Array(2_000);
  const count = lists.copy(item, into, weights, 1);
  return new Map(Array.from({ length: count }, (_, i) => [into[i]!, weights[i]!]));
}

const addition = fc.record({
  item: fc.integer({ min: 0, max: 3 }),
  partner: fc.integer({ min: 0, max: 20 }),
  weight: fc.integer({ min: 1, max: 9 }),
});

function addAll(lists: NeighbourLists, additions: readonly { partner: number; weight: number }[]) {
  const exact = new Map<number, number>();
  let total = 0;
  for (const { partner, weight } of additions) {
    lists.add(0, partner, weight);
    exact.set(partner, (exact.get(partner) ?? 0) + weight);
    total += weight;
  }
  return { exact, total };
}

describe('NeighbourLists', () => {
  it('counts exactly while there is room', () => {
    fc.assert(
      fc.property(fc.array(addition, { maxLength: 200 }), (additions) => {
        const lists = new NeighbourLists(21 * 8);
        const exact = new Map<number, Map<number, number>>();
        for (const { item, partner, weight } of additions) {
          lists.add(item, partner, weight);
          const own = exact.get(item) ?? new Map<number, number>();
          exact.set(item, own.set(partner, (own.get(partner) ?? 0) + weight));
        }
        for (let item = 0; item <= 3; item++) {
          const sorted = (map: Map<number, number> | undefined) => [...(map ?? [])].sort(([a], [b]) => a - b);
          assert.deepEqual(sorted(listOf(lists, item)), sorted(exact.get(item)));
        }
      }),
    );
  });

  it('keeps the guarantees of Space-Saving when its one bucket is full', () => {
    fc.assert(
      fc.property(fc.array(addition, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (additions, max) => {
        const lists = new NeighbourLists(max);
        const { exact, total } = addAll(lists, additions);
        const places = Math.min(max, 8);
        const held = listOf(lists, 0);
        assert.ok(held.size <= places);
        assert.equal(
          [...held.values()].reduce((sum, weight) => sum + weight, 0),
          total,
        );
        for (const [partner, weight] of held) {
          assert.ok(weight >= exact.get(partner)!);
          assert.ok(weight <= exact.get(partner)! + total / places);
        }
        for (const [partner, weight] of exact) if (weight > total / places) assert.ok(held.has(partner));
      }),
    );
  });

  it('stays within its bound, loses no weight and counts no partner short when it has several buckets', () => {
    const wide = fc.record({ partner: fc.integer({ min: 0, max: 60 }), weight: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(wide, { maxLength: 300 }), fc.constantFrom(16, 30, 100), (additions, max) => {
        const lists = new NeighbourLists(max);
        const { exact, total } = addAll(lists, additions);
        const held = listOf(lists, 0);
        assert.ok(held.size <= max);
        assert.equal(held.size, lists.count(0));
        assert.equal(
          [...held.values()].reduce((sum, weight) => sum + weight, 0),
          total,
        );
        for (const [partner, weight] of held) assert.ok(weight >= exact.get(partner)!);
      }),
    );
  });

  it('gives the weakest place away', () => {
    const lists = new NeighbourLists(3);
    lists.add(0, 1, 5);
    lists.add(0, 2, 2);
    lists.add(0, 3, 4);
    lists.add(0, 9, 1);
    assert.deepEqual(
      listOf(lists, 0),
      new Map([
        [9, 3],
        [1, 5],
        [3, 4],
      ]),
    );
  });

  it('holds thousands of lists over many blocks', () => {
    const lists = new NeighbourLists(100);
    for (let round = 0; round < 120; round++) {
      for (let item = 0; item < 1_500; item++) lists.add(item, item + round, round + 1);
    }
    for (const item of [0, 777, 1_499]) {
      assert.equal(lists.count(item), 96);
      assert.ok(listOf(lists, item).get(item + 119)! >= 120);
    }
  });

  it('changes nothing by looking ahead, at items it knows and at others', () => {
    const lists = new NeighbourLists(16);
    for (let partner = 1; partner < 30; partner++) lists.add(0, partner, partner);
    const before = listOf(lists, 0);
    lists.lookAhead(0, 0, Int32Array.of(1, 29, 5, 1_000_000), Int32Array.of(1, 29, 5, 1_000_000), 4);
    lists.lookAhead(1_000_000, 1_000_000, Int32Array.of(0), Int32Array.of(0), 1);
    assert.deepEqual(listOf(lists, 0), before);
    assert.equal(lists.count(1), 0);
    assert.equal(lists.count(1_000_000), 0);
  });

  it('gives the place of a partner that was forgotten to the next one, without its weight', () => {
    const places = new ItemPlaces();
    for (let item = 0; item < 3; item++) places.begin(item);
    const lists = new NeighbourLists(2, places);
    lists.add(0, 1, 5);
    lists.add(0, 2, 1);
    places.forget(1);
    assert.deepEqual([...listOf(lists, 0)], [[2, 1]]);
    lists.add(0, places.begin(1), 2);
    assert.deepEqual([...listOf(lists, 0)].sort(), [
      [2, 1],
      [3, 2],
    ]);
    lists.forget(0);
    assert.deepEqual([...listOf(lists, 0)], []);
  });

  it('scales every weight', () => {
    const lists = new NeighbourLists(4);
    lists.add(2, 1, 8);
    lists.add(0, 1, 2);
    lists.scale(0.25);
    assert.deepEqual([listOf(lists, 2), listOf(lists, 0)], [new Map([[1, 2]]), new Map([[1, 0.5]])]);
  });
});
