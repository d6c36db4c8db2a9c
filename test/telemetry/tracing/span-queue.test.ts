import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpanParts } from '../../../src/telemetry/tracing/span-parts.ts';
import { openSpanQueue } from '../../../src/telemetry/tracing/span-queue.ts';
import { until } from '../../rpc/running-server.ts';

/** A queue whose batches are taken one by one, by `take`. */
function queueOf(scheduledDelayMillis: number) {
  const batches: string[][] = [];
  let taken = Promise.withResolvers<void>();
  let dropped = 0;
  const send = async (batch: readonly SpanParts[]) => {
    batches.push(batch.map(({ name }) => name));
    taken = Promise.withResolvers<void>();
    await taken.promise;
  };
  const limits = { maxQueueSize: 6, maxExportBatchSize: 3, scheduledDelayMillis };
  const queue = openSpanQueue(limits, send, () => dropped++);
  const add = (...names: string[]) => {
    for (const name of names) queue.add({ name } as SpanParts);
  };
  return { queue, add, batches, take: () => taken.resolve(), dropped: () => dropped };
}

describe('the queue of spans', () => {
  it('sends a full batch at once, one at a time, and drops what does not fit', async () => {
    const { add, batches, take, dropped, queue } = queueOf(1e6);
    add('a', 'b');
    assert.deepEqual(batches, []);
    add('c', 'd', 'e', 'f', 'g', 'h', 'i');
    assert.deepEqual(batches, [['a', 'b', 'c']]);
    assert.equal(dropped(), 0);
    add('j', 'k');
    assert.equal(dropped(), 2);
    take();
    await until(() => batches.length === 2);
    take();
    await until(() => batches.length === 3);
    take();
    await queue.flush();
    assert.deepEqual(batches.slice(1), [
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]);
  });

  it('sends fewer when they have waited', async () => {
    const { add, batches } = queueOf(5);
    add('a');
    await until(() => batches.length === 1);
    add('b');
    assert.deepEqual(batches, [['a']]);
  });

  it('sends all that waits when it is to end', async () => {
    const { add, batches, take, queue } = queueOf(1e6);
    add('a', 'b', 'c', 'd');
    let isFlushed = false;
    const flushed = queue.flush().then(() => {
      isFlushed = true;
    });
    take();
    await until(() => batches.length === 2);
    assert.equal(isFlushed, false);
    take();
    await flushed;
    assert.deepEqual(batches, [['a', 'b', 'c'], ['d']]);
  });
});
