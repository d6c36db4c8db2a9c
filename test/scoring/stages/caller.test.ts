import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { systemClock } from '../../../src/scoring/batcher/clock.ts';
import { checkCaller, waitFor } from '../../../src/scoring/stages/caller.ts';
import { VirtualClock } from '../batcher/virtual-clock.ts';

const anytime = Number.POSITIVE_INFINITY;
const inAnHour = () => systemClock.now() + 3_600_000;
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('waitFor', () => {
  test('lets go of its timer and its listener, however the wait ends', async () => {
    const before = timers();
    const { signal } = new AbortController();
    const caller = { signal, deadlineMillis: inAnHour() };
    assert.equal(await waitFor(Promise.resolve(1), caller, systemClock), 1);
    await assert.rejects(waitFor(Promise.reject(new Error('broken')), caller, systemClock), /broken/);
    const leaving = new AbortController();
    const left = waitFor(new Promise(() => undefined), { ...caller, signal: leaving.signal }, systemClock);
    leaving.abort(new Error('enough'));
    await assert.rejects(left, /enough/);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    assert.ok(timers() <= before);
  });

  test('ends at the deadline, and a later failure of the result is nobody’s', async () => {
    const clock = new VirtualClock();
    const late = clock.until(20).then(() => assert.fail('too late to matter'));
    const waiting = assert.rejects(waitFor(late, { deadlineMillis: 10 }, clock), { reason: 'DEADLINE_EXCEEDED' });
    await clock.run(10);
    await waiting;
    await clock.run(30);
  });

  test('does not take a deadline that no timer can wait for as one that has passed', async () => {
    const inAYear = systemClock.now() + 365 * 86_400_000;
    const { promise, resolve } = Promise.withResolvers<string>();
    setTimeout(() => resolve('done'), 5);
    assert.equal(await waitFor(promise, { deadlineMillis: inAYear }, systemClock), 'done');
  });
});

test('checkCaller lets pass who has time and wants an answer', async () => {
  const clock = new VirtualClock();
  await clock.run(10);
  checkCaller({ deadlineMillis: 11 }, clock);
  checkCaller({ deadlineMillis: anytime, signal: new AbortController().signal }, clock);
  assert.throws(() => checkCaller({ deadlineMillis: 10 }, clock), { reason: 'DEADLINE_EXCEEDED' });
  assert.throws(
    () => checkCaller({ deadlineMillis: anytime, signal: AbortSignal.abort(new Error('gone')) }, clock),
    /gone/,
  );
});
