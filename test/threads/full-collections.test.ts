import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { collectOften, pauseAfter } from '../../src/threads/full-collections.ts';

test('a larger heap is collected less often', () => {
  assert.equal(pauseAfter(10e6), 9_000);
  assert.equal(pauseAfter(1e9), 100_000);
});

/** Full collections while steps of work make some 6 MB each, and keep a thirtieth. */
async function collectionsOf(steps = 120): Promise<number> {
  let majors = 0;
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as readonly { readonly detail: { readonly kind: number } }[];
    for (const { detail } of entries) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majors += 1;
  });
  observer.observe({ entryTypes: ['gc'] });
  const kept: object[][] = [];
  for (let step = 0; step < steps; step++) {
    let last: object[] = [];
    for (let part = 0; part < 30; part++) last = Array.from({ length: 4_000 }, (_, at) => ({ at, step }));
    kept.push(last);
    await turn();
  }
  observer.disconnect();
  assert.equal(kept.length, steps);
  return majors;
}

test('while there is work full collections come in the pauses asked for, and afterwards as V8 would have them', async () => {
  // A heap that is new is collected a few times anyway.
  await collectionsOf();
  const end = collectOften(() => 1);
  const meanwhile = await collectionsOf();
  end();
  const afterwards = await collectionsOf();
  assert.ok(meanwhile >= afterwards + 3, `${meanwhile}, ${afterwards}`);
});
