import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { orderedWindow } from '../../src/ingest/ordered-window.ts';

async function* from<T>(values: readonly T[], onRead: (value: T) => void = () => undefined): AsyncGenerator<T> {
  for (const value of values) {
    onRead(value);
    yield value;
  }
}

test('results come in the order of the inputs, however long each takes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 20 }), fc.integer({ min: 1, max: 5 }), async (waits, limit) => {
      const work = async (wait: number): Promise<number> => {
        await delay(wait);
        return wait;
      };
      assert.deepEqual(await Array.fromAsync(orderedWindow(from(waits), limit, work)), waits);
    }),
    { numRuns: 30 },
  );
});

test('no more is read than the window allows while nobody takes results', async () => {
  let read = 0;
  const results = orderedWindow(
    from([...Array(100).keys()], () => read++),
    4,
    async (value) => value,
  );
  await results.next();
  await delay(5);
  assert.ok(read <= 6, `${read} were read`);
  await results.return();
});

test('a failing piece of work ends it after the results before it', async () => {
  const seen: number[] = [];
  const work = async (value: number): Promise<number> => {
    if (value === 3) throw new Error('no third');
    return value;
  };
  await assert.rejects(async () => {
    for await (const value of orderedWindow(from([1, 2, 3, 4]), 2, work)) seen.push(value);
  }, /no third/);
  assert.deepEqual(seen, [1, 2]);
});

test('a failing input ends it after the results before it', async () => {
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    throw new Error('cut off');
  }
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const value of orderedWindow(broken(), 8, async (value) => value)) seen.push(value);
  }, /cut off/);
  assert.deepEqual(seen, [1, 2]);
});

test('who stops taking stops the reading, and the source is let go', async () => {
  let released = false;
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let value = 0; ; value++) yield value;
    } finally {
      released = true;
    }
  }
  for await (const value of orderedWindow(endless(), 3, async (value) => value)) if (value === 5) break;
  await delay(5);
  assert.equal(released, true);
});
