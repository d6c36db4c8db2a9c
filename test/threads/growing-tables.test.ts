import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectSeldom } from '../../src/threads/growing-tables.ts';

/** How many full collections there are while arrays grow by a gigabyte, none of which is written: it is not taken from the machine. */
async function collectionsOfGrowth(): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[]) {
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const held: Uint8Array[] = [];
  for (let megabytes = 0; megabytes < 1_024; megabytes += 8) {
    held.push(new Uint8Array(8_388_608));
    await sleep(2);
  }
  await sleep(50);
  observer.disconnect();
  assert.equal(held.length, 128);
  return count;
}

describe('collectSeldom', () => {
  it('has tables grow with few full collections, until it is ended', async () => {
    const end = collectSeldom();
    const few = await collectionsOfGrowth();
    end();
    const many = await collectionsOfGrowth();
    assert.ok(few * 2 < many, `${few} with it, ${many} without`);
  });
});
