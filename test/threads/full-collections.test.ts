import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { collectOften, pauseAfter } from '../../src/threads/full-collections.ts';

test('a larger heap is collected less often', () => {
  assert.equal(pauseAfter(10e6), 9_000);
  assert.equal(pauseAfter(1e9), 100_000);
});

/** Steps of work until there were so many full collections, `most` at the most: each makes some 6 MB, of which a thirtieth lives on for 60 steps. */
async function work(until: number, most: number): Promise<{ readonly steps: number; readonly majors: number }> {
  let majors = 0;
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as readonly { readonly detail: { readonly kind: number } }[];
    const came = entries.filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
    // Two may be told of at once.
    majors = Math.min(until, majors + came);
  });
  observer.observe({ entryTypes: ['gc'] });
  const kept: object[][] = Array.from({ length: 60 }, () => []);
  let steps = 0;
  for (; steps < most && majors < until; steps++) {
    for (let part = 0; part < 30; part++) {
      kept[steps % 60] = Array.from({ length: 4_000 }, (_, at) => ({ at, step: steps }));
    }
    await turn();
  }
  observer.disconnect();
  return { steps, majors };
}

// Counted in work, not in time: on a busy machine V8's helper threads finish a marking many steps later.
test('while there is work full collections come in the pauses asked for, and afterwards as V8 would have them', async () => {
  // A heap that is new is collected a few times anyway.
  await work(1_000, 120);
  const end = collectOften(() => 1);
  const meanwhile = await work(12, 6_000);
  end();
  assert.equal(meanwhile.majors, 12, `${meanwhile.steps} steps`);
  const afterwards = await work(1_000, meanwhile.steps);
  assert.ok(afterwards.majors <= 6, `${afterwards.majors} in ${meanwhile.steps} steps`);
});
