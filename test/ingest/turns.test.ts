import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { Turns } from '../../src/ingest/turns.ts';

/** Keeps the thread busy. */
function spend(millis: number): void {
  const end = performance.now() + millis;
  while (performance.now() < end);
}

test('work that fits into the turn is done at once', () => {
  const turns = new Turns();
  let steps = 0;
  void turns.run(() => ++steps < 3);
  assert.equal(steps, 3);
});

test('a burst is done in the order in which it came, and other work gets its turn in between', async () => {
  const turns = new Turns();
  const order: number[] = [];
  let others = 0;
  let isOver = false;
  const runs = Array.from({ length: 20 }, (_, at) => {
    let left = 3;
    const step = () => {
      spend(0.3);
      return --left > 0;
    };
    return turns.run(step).then(() => order.push(at));
  });
  void Promise.all(runs).then(() => {
    isOver = true;
  });
  while (!isOver) {
    await nextTurn();
    others++;
  }
  assert.deepEqual(order, [...order.keys()]);
  assert.ok(others >= 5, `${others} turns`);
});

test('whatever the steps, each is done, in order', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat({ max: 3 }), async (pieces, late) => {
      const turns = new Turns();
      const done: number[] = [];
      const runs: Promise<unknown>[] = [];
      for (const [at, length] of pieces.entries()) {
        if (at % 4 === late) await nextTurn();
        let left = length;
        const step = () => {
          spend(0.02);
          if (--left === 0) done.push(at);
          return left > 0;
        };
        runs.push(turns.run(step));
      }
      await Promise.all(runs);
      assert.deepEqual(done, [...pieces.keys()]);
    }),
    { numRuns: 50 },
  );
});

test('a step that throws fails its own piece, at once or later, and no other', async () => {
  const turns = new Turns();
  const broken = () => {
    throw new Error('broken');
  };
  await assert.rejects(turns.run(broken), /broken/);
  const first = turns.run(() => {
    spend(3);
    return false;
  });
  let left = 2;
  const slow = turns.run(() => {
    spend(3);
    return --left > 0;
  });
  const later = turns.run(broken);
  const last = turns.run(() => false);
  await assert.rejects(later, /broken/);
  await Promise.all([first, slow, last]);
});
