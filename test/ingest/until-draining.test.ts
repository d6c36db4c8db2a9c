import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilDraining } from '../../src/ingest/until-draining.ts';

async function* endless(): AsyncGenerator<number> {
  for (let value = 1; ; value++) {
    await new Promise(setImmediate);
    yield value;
  }
}

async function* silent(): AsyncGenerator<number> {
  yield 1;
  await new Promise(() => undefined);
}

test('inputs pass until the drain begins, which then is the error', async () => {
  const draining = new AbortController();
  const seen: number[] = [];
  await assert.rejects(
    async () => {
      for await (const value of untilDraining(endless(), draining.signal)) {
        seen.push(value);
        if (value === 3) draining.abort();
      }
    },
    { reason: 'SHUTTING_DOWN' },
  );
  assert.deepEqual(seen.slice(0, 3), [1, 2, 3]);
});

test('a source that says nothing does not keep the drain waiting', async () => {
  const draining = new AbortController();
  const inputs = untilDraining(silent(), draining.signal);
  assert.equal((await inputs.next()).value, 1);
  const next = inputs.next();
  draining.abort();
  await assert.rejects(next, { reason: 'SHUTTING_DOWN' });
});

test('a source that ends, ends', async () => {
  async function* two(): AsyncGenerator<number> {
    yield* [1, 2];
  }
  assert.deepEqual(await Array.fromAsync(untilDraining(two(), new AbortController().signal)), [1, 2]);
});

test('after the drain has begun nothing is read', async () => {
  await assert.rejects(untilDraining(silent(), AbortSignal.abort()).next(), { reason: 'SHUTTING_DOWN' });
});
