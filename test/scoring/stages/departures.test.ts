import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departures } from '../../../src/scoring/stages/departures.ts';

test('before anything has left, it is a second', () => {
  const departures = new Departures();
  departures.begin(1_000);
  assert.equal(departures.millisUntilLeft(100, 1_000), 1_000);
});

test('images that leave in batches leave as fast as one by one', () => {
  const [steady, bursty] = [new Departures(), new Departures()];
  for (const each of [steady, bursty]) each.begin(0);
  for (let at = 10; at <= 4_000; at += 10) steady.observe(at);
  for (let at = 160; at <= 4_000; at += 160) for (let image = 0; image < 16; image++) bursty.observe(at);
  assert.equal(steady.millisUntilLeft(50, 4_000), 500);
  assert.ok(Math.abs(bursty.millisUntilLeft(50, 4_000) - 500) < 15);
});

test('what was learned long ago counts less', () => {
  const departures = new Departures();
  departures.begin(0);
  for (let at = 10; at <= 5_000; at += 10) departures.observe(at);
  for (let at = 5_100; at <= 35_000; at += 100) departures.observe(at);
  const millis = departures.millisUntilLeft(10, 35_000);
  assert.ok(millis > 850 && millis < 1_050, `${millis} ms for ten that leave each 100 ms`);
});

test('time without anything to leave does not count', () => {
  const departures = new Departures();
  departures.begin(0);
  departures.observe(10);
  departures.begin(100_000);
  departures.observe(100_010);
  assert.equal(departures.millisUntilLeft(3, 100_010), 30);
});

test('the answer is never below 10 ms, nor above 30 s', () => {
  const departures = new Departures();
  departures.begin(0);
  departures.observe(0.01);
  assert.equal(departures.millisUntilLeft(1, 0.01), 10);
  assert.equal(departures.millisUntilLeft(1, 1e9), 30_000);
});
