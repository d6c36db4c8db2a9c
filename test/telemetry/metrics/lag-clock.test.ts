import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LagClock } from '../../../src/telemetry/metrics/lag-clock.ts';

test('who has seen all is not behind, however long nothing has come', () => {
  const clock = new LagClock();
  assert.equal(clock.lagMillis(0, 1_000), 0);
  clock.reached(5, 1_000);
  assert.equal(clock.lagMillis(5, 9_000_000), 0);
});

test('who has not is behind since the first moment that it has not reached', () => {
  const clock = new LagClock();
  clock.reached(5, 1_000);
  clock.reached(9, 2_000);
  assert.equal(clock.lagMillis(4, 2_500), 1_500);
  assert.equal(clock.lagMillis(5, 2_500), 500);
  assert.equal(clock.lagMillis(8, 3_000), 1_000);
  assert.equal(clock.lagMillis(9, 3_000), 0);
});

test('a burst after a silence does not count the silence', () => {
  const clock = new LagClock();
  clock.reached(5, 1_000);
  assert.equal(clock.lagMillis(5, 1_000), 0);
  clock.reached(1_000, 3_600_000);
  assert.equal(clock.lagMillis(6, 3_600_010), 10);
});

test('the lag is true to the marks, and their number is bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 2_000 }), (steps) => {
      const clock = new LagClock();
      let [sequence, now] = [0, 0];
      for (const step of steps) {
        sequence += step;
        now += step;
        clock.reached(sequence, now);
      }
      const lag = clock.lagMillis(0, now);
      // The oldest may have gone when every other one went.
      assert.ok(lag <= now && lag >= (now - steps[0]!) / 2 - 20, `${lag} of ${now}`);
      assert.equal(clock.lagMillis(sequence, now), 0);
    }),
  );
});
