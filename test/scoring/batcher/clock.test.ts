import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/scoring/batcher/clock.ts';

test('the machine’s clock is the time of day, calls back no sooner than asked, and not what was called off', async () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  const atMillis = systemClock.now() + 3.4;
  let calls = 0;
  const callOff = systemClock.callAt(atMillis, () => calls++);
  callOff();
  await new Promise<void>((resolve) => systemClock.callAt(atMillis, resolve));
  assert.ok(systemClock.now() >= atMillis);
  assert.equal(calls, 0);
});
