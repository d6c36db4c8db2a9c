import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DuplicateWindow } from '../../src/ingest/duplicate-window.ts';

const idOf = (value: number): Uint32Array => Uint32Array.of(0x0191_0000, value & 3, value, value * 7);

test('an id is new once, within the window', () => {
  const window = new DuplicateWindow(3);
  assert.equal(window.add(idOf(1)), true);
  assert.equal(window.add(idOf(1)), false);
  assert.equal(window.size, 1);
});

test('the oldest id is forgotten when the window is full', () => {
  const window = new DuplicateWindow(3);
  for (const value of [1, 2, 3, 4]) window.add(idOf(value));
  assert.equal(window.has(idOf(1)), false);
  assert.deepEqual(
    [2, 3, 4].map((value) => window.has(idOf(value))),
    [true, true, true],
  );
  assert.equal(window.size, 3);
});

test('an id taken back is new again', () => {
  const window = new DuplicateWindow(10);
  window.add(idOf(1));
  window.remove(idOf(1));
  assert.equal(window.add(idOf(1)), true);
});

test('the window grows to its capacity and keeps what it had', () => {
  const window = new DuplicateWindow(5_000);
  for (let value = 0; value < 5_000; value++) assert.equal(window.add(idOf(value)), true);
  for (let value = 0; value < 5_000; value++) assert.equal(window.has(idOf(value)), true);
  assert.equal(window.size, 5_000);
});

/** The same by the plainest means: a list of what came, of which the last ones count. */
class NaiveWindow {
  readonly #arrivals: (number | undefined)[] = [];
  readonly #capacity: number;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  has(value: number): boolean {
    return this.#arrivals.slice(-this.#capacity).includes(value);
  }
  add(value: number): boolean {
    if (this.has(value)) return false;
    this.#arrivals.push(value);
    return true;
  }
  remove(value: number): void {
    const at = this.#arrivals.lastIndexOf(value);
    if (at >= 0 && this.has(value)) this.#arrivals[at] = undefined;
  }
}

test('any run of additions and removals answers as the naive window does', () => {
  const step = fc.record({ value: fc.nat(40), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 300 }), (capacity, steps) => {
      const window = new DuplicateWindow(capacity);
      const naive = new NaiveWindow(capacity);
      for (const { value, remove } of steps) {
        if (remove) {
          window.remove(idOf(value));
          naive.remove(value);
        } else {
          assert.equal(window.add(idOf(value)), naive.add(value));
        }
        for (let other = 0; other <= 40; other++) assert.equal(window.has(idOf(other)), naive.has(other));
      }
    }),
    { numRuns: 60 },
  );
});

test('at each addition while it grows, and where it is full at once, it knows what it should', () => {
  for (const capacity of [1_030, 1_500, 6_000]) {
    const window = new DuplicateWindow(capacity);
    const held = new Set<number>();
    for (let value = 0; value < 5_000; value++) {
      assert.equal(window.add(idOf(value)), true);
      held.add(value).delete(value - capacity);
      assert.equal(window.add(idOf(value)), false);
      // Taken back, from either table and from both: these do not come again.
      const other = Math.max(0, value - (value % 1_000));
      if (value % 9 === 0 && held.delete(other)) window.remove(idOf(other));
      assert.equal(window.size, held.size);
      const isMoving = (value >= 1_024 && value < 1_100) || (value >= 4_096 && value < 4_200);
      if (!isMoving && value % 100 !== 0) continue;
      for (let each = 0; each <= value; each++) assert.equal(window.has(idOf(each)), held.has(each), `${each}`);
    }
  }
});
