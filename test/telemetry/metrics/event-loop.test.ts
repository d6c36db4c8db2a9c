import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopDelay } from '../../../src/telemetry/metrics/event-loop.ts';

const countOf = ({ seconds }: EventLoopDelay) => seconds.counts.reduce((sum, count) => sum + count);

test('a stop counts for every tick that it swallowed', () => {
  const delay = new EventLoopDelay();
  delay.late(0.4);
  delay.late(350);
  assert.equal(countOf(delay), 1 + 4);
  assert.ok(Math.abs(delay.seconds.sum - (0.000_4 + 0.35 + 0.25 + 0.15 + 0.05)) < 1e-9);
});

test('a clock that jumps costs a bounded time', () => {
  const delay = new EventLoopDelay();
  delay.late(Number.POSITIVE_INFINITY);
  delay.late(-5);
  assert.equal(countOf(delay), 601);
});

test('a thread that is held is seen to be late', async () => {
  const delay = new EventLoopDelay();
  delay.start();
  while (countOf(delay) === 0) await sleep(1);
  const until = performance.now() + 400;
  while (performance.now() < until);
  const before = countOf(delay);
  while (countOf(delay) === before) await sleep(1);
  delay.stop();
  const late = delay.seconds.counts.reduce((sum, count, at) => sum + (delay.seconds.bounds[at]! > 0.1 ? count : 0), 0);
  assert.ok(late >= 2, `${late} of ${countOf(delay)}`);
});
