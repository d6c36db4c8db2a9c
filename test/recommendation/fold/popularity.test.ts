import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Categories } from '../../../src/recommendation/fold/categories.ts';
import { Popularity } from '../../../src/recommendation/fold/popularity.ts';
import { isClose } from './events.ts';

const halfLifeMicros = 1_000_000;

function fresh() {
  const clock = { lastOccurredAtMicros: 0 };
  const categories = new Categories(100);
  return { clock, categories, popularity: new Popularity(halfLifeMicros, clock, categories) };
}

const signal = fc.record({
  item: fc.integer({ min: 0, max: 30 }),
  weight: fc.constantFrom(1, 2, 3, 5, -1),
  atMicros: fc.integer({ min: 0, max: 20 * halfLifeMicros }),
});

const all = () => true;

describe('Popularity', () => {
  it('is the sum of 2^-(age / half-life), however late signals come', () => {
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 80 }), (signals) => {
        const { clock, popularity } = fresh();
        const now = Math.max(0, ...signals.map((one) => one.atMicros));
        clock.lastOccurredAtMicros = now;
        for (const { item, weight, atMicros } of signals) popularity.add(item, weight, atMicros);
        for (let item = 0; item <= 30; item++) {
          const own = signals.filter((one) => one.item === item);
          const exact = own.reduce((sum, one) => sum + one.weight * 2 ** -((now - one.atMicros) / halfLifeMicros), 0);
          const size = own.reduce((sum, one) => sum + Math.abs(one.weight), 1);
          assert.ok(
            isClose(popularity.scoreOf(item), exact) || Math.abs(popularity.scoreOf(item) - exact) < 1e-12 * size,
          );
        }
      }),
    );
  });

  it('stays exact over thousands of half-lives', () => {
    const { clock, popularity } = fresh();
    for (let halfLives = 0; halfLives <= 3_000; halfLives++) popularity.add(1, 1, halfLives * halfLifeMicros);
    popularity.add(2, 1, 2_999 * halfLifeMicros);
    clock.lastOccurredAtMicros = 3_000 * halfLifeMicros;
    assert.ok(isClose(popularity.scoreOf(1), 2));
    assert.equal(popularity.scoreOf(2), 0.5);
    assert.deepEqual(popularity.top('', 5, all), [1, 2]);
  });

  it('has the same best as a full sort, with and without a category, also when categories change', () => {
    const step = fc.oneof(
      signal.map((one) => ({ ...one, names: undefined })),
      fc.record({
        item: fc.integer({ min: 0, max: 30 }),
        names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 12 }), (steps, limit) => {
        const { popularity, categories } = fresh();
        const members = new Map<number, readonly string[]>();
        for (const one of steps) {
          if (one.names === undefined) popularity.add(one.item, one.weight, one.atMicros);
          else {
            categories.assign(one.item, one.names, [popularity]);
            members.set(one.item, one.names);
          }
        }
        for (const category of ['', 'a', 'b', 'c']) {
          const accept = (item: number) => item % 4 !== 0;
          const sorted = Array.from({ length: 31 }, (_, item) => item)
            .filter((item) => category === '' || members.get(item)?.includes(category))
            .filter((item) => popularity.heldScore(item) > 0 && accept(item))
            .sort((a, b) => popularity.heldScore(b) - popularity.heldScore(a) || a - b);
          assert.deepEqual(popularity.top(category, limit, accept), sorted.slice(0, limit));
        }
      }),
    );
  });

  it('takes back exactly what was given when it is all there is', () => {
    const { popularity } = fresh();
    popularity.add(1, 5, 1_234_567);
    popularity.add(1, -5, 1_234_567);
    assert.equal(popularity.scoreOf(1), 0);
    assert.deepEqual(popularity.top('', 5, all), []);
  });

  it('scores an item by category only where it belongs', () => {
    const { popularity, categories } = fresh();
    categories.assign(3, ['a', 'b'], [popularity]);
    popularity.add(3, 2, 0);
    assert.equal(popularity.scoreOf(3, 'a'), 2);
    assert.equal(popularity.scoreOf(3, 'c'), 0);
    assert.deepEqual(popularity.top('c', 5, all), []);
  });

  it('looks at no more items than it may', () => {
    const { popularity } = fresh();
    for (let item = 0; item < 20; item++) popularity.add(item, 20 - item, 0);
    let looks = 0;
    const found = popularity.top('', 20, () => ++looks > 2, 5);
    assert.equal(looks, 5);
    assert.deepEqual(found, [2, 3, 4]);
  });
});
