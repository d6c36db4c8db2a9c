import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Freshness } from '../../../src/recommendation/following/freshness.ts';

const bounds = { maxLagEvents: 10, maxLagMillis: 1_000 };

test('nothing heard is not current', () => {
  const freshness = new Freshness(bounds);
  freshness.folded(0);
  assert.equal(freshness.isCurrent(0), false);
  assert.equal(freshness.lagMillis(0), Number.POSITIVE_INFINITY);
});

test('is current from the moment at which few enough events are missing', () => {
  const freshness = new Freshness(bounds);
  freshness.heard(100, 50);
  freshness.folded(89);
  assert.equal(freshness.isCurrent(60), false);
  freshness.folded(90);
  assert.equal(freshness.isCurrent(60), true);
  assert.equal(freshness.lagMillis(60), Number.POSITIVE_INFINITY);
  freshness.folded(100);
  assert.equal(freshness.lagMillis(60), 10);
});

test('is no longer current when nothing was heard for too long', () => {
  const freshness = new Freshness(bounds);
  freshness.heard(5, 0);
  freshness.folded(5);
  assert.deepEqual([freshness.isCurrent(1_000), freshness.isCurrent(1_001)], [true, false]);
  freshness.heard(5, 5_000);
  freshness.folded(5);
  assert.equal(freshness.isCurrent(5_001), true);
});

test('is no longer current when it is too far behind for too long, however much it hears', () => {
  const freshness = new Freshness(bounds);
  freshness.heard(5, 0);
  freshness.folded(5);
  for (let now = 100; now <= 1_200; now += 100) {
    freshness.heard(5 + now, now);
    freshness.folded(6);
    assert.equal(freshness.isCurrent(now), now <= 1_000, `at ${now}`);
    assert.equal(freshness.lagMillis(now), now);
  }
  freshness.folded(1_200);
  assert.equal(freshness.isCurrent(1_200), true);
});

test('steadily a little behind is a small lag, not a growing one', () => {
  const freshness = new Freshness(bounds);
  for (let now = 0; now < 100_000; now += 25) {
    freshness.heard(now, now);
    freshness.folded(Math.max(0, now - 100));
    if (now > 200) assert.equal(freshness.lagMillis(now), 100);
  }
});
