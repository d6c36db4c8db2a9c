import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SequenceWaiters } from '../../src/recommendation/sequence-waiters.ts';

const atZero = () => 0;

describe('those who wait for a sequence', () => {
  it('are let go when it is reached, and not before', async () => {
    const waiters = new SequenceWaiters();
    const done: number[] = [];
    const waits = [5, 3, 9].map((sequence) =>
      waiters.wait(sequence, atZero, undefined).then(() => done.push(sequence)),
    );
    waiters.resolveUpTo(4);
    await waits[1];
    assert.deepEqual(done, [3]);
    waiters.resolveUpTo(9);
    await Promise.all(waits);
    assert.deepEqual(done.toSorted(), [3, 5, 9]);
  });

  it('are told how far the state is, before their deadline', async () => {
    const waiters = new SequenceWaiters();
    const deadline = Date.now() + 100;
    await assert.rejects(
      waiters.wait(7, () => 6, undefined, deadline),
      { reason: 'STATE_BEHIND', message: /at sequence 6, and did not reach 7/ },
    );
    assert.ok(Date.now() < deadline);
  });

  it('are let go when their caller leaves, and leave no listener behind', async () => {
    const waiters = new SequenceWaiters();
    const caller = new AbortController();
    const wait = waiters.wait(1, atZero, caller.signal);
    caller.abort(new Error('gone'));
    await assert.rejects(wait, /gone/);
    waiters.resolveUpTo(1);
    await assert.rejects(waiters.wait(1, atZero, AbortSignal.abort(new Error('gone before'))), /gone before/);
  });

  it('are refused where too many wait', async () => {
    const waiters = new SequenceWaiters();
    const waits = Array.from({ length: 10_000 }, () => waiters.wait(1, atZero, undefined));
    await assert.rejects(waiters.wait(1, atZero, undefined), { reason: 'OVERLOADED' });
    waiters.resolveUpTo(1);
    await Promise.all(waits);
  });
});
