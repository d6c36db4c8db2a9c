import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom, weighted, zipf } from '../../bench/random.ts';

function shares<T>(draw: () => T, draws = 40_000): Map<T, number> {
  const counts = new Map<T, number>();
  for (let index = 0; index < draws; index++) {
    const drawn = draw();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1 / draws);
  }
  return counts;
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs((actual ?? 0) - expected) < 0.015, `${actual} is not near ${expected}`);
}

describe('chance from a seed', () => {
  it('is even, and the same again', () => {
    const random = createRandom(7);
    const drawn = shares(() => random.below(4));
    for (const share of drawn.values()) near(share, 1 / 4);
    assert.deepEqual([...drawn.keys()].toSorted(), [0, 1, 2, 3]);
    const [first, second] = [createRandom(7), createRandom(7)];
    for (let index = 0; index < 100; index++) assert.equal(first.next(), second.next());
  });

  it('draws by Zipf: the second half as often as the first', () => {
    const drawn = shares(zipf(3, 1, createRandom(7)));
    near(drawn.get(0), 6 / 11);
    near(drawn.get(1), 3 / 11);
    near(drawn.get(2), 2 / 11);
    assert.equal(drawn.size, 3);
  });

  it('draws by weight, and never what has none', () => {
    const drawn = shares(weighted({ often: 3, seldom: 1, never: 0 }, createRandom(7)));
    near(drawn.get('often'), 3 / 4);
    near(drawn.get('seldom'), 1 / 4);
    assert.equal(drawn.has('never'), false);
  });
});
