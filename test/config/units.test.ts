import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts';

const durations: readonly (readonly [unknown, number])[] = [
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5s', 1_500],
  ['0.1s', 100],
  ['1h30m', 5_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  [' 5m ', 300_000],
  ['1500', 1_500],
  [1_500, 1_500],
  [0, 0],
];

for (const [raw, millis] of durations) {
  test(`the duration ${JSON.stringify(raw)} is ${millis} ms`, () => assert.equal(parseDuration(raw), millis));
}

test('what is no duration is undefined', () => {
  for (const raw of [
    '',
    's',
    '-5s',
    '5 s',
    '5x',
    '5s!',
    '1e3s',
    'unlimited',
    '0.0001s',
    -1,
    1.5,
    Number.NaN,
    null,
    {},
  ]) {
    assert.equal(parseDuration(raw), undefined, JSON.stringify(raw));
  }
});

const sizes: readonly (readonly [unknown, number])[] = [
  ['20MiB', 20_971_520],
  ['64kib', 65_536],
  ['1.5GiB', 1_610_612_736],
  ['10MB', 10_000_000],
  ['1 kB', 1_000],
  ['7B', 7],
  ['4096', 4_096],
  [4_096, 4_096],
];

for (const [raw, bytes] of sizes) {
  test(`the size ${JSON.stringify(raw)} is ${bytes} bytes`, () => assert.equal(parseSize(raw), bytes));
}

test('what is no size is undefined', () => {
  for (const raw of ['', 'MiB', '-1MiB', '5XB', '1.5B', '20 Mi B', '9999999TiB', -1, 0.5, null, []]) {
    assert.equal(parseSize(raw), undefined, JSON.stringify(raw));
  }
});

test('what is formatted parses to the same amount', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (amount) => {
      assert.equal(parseDuration(formatDuration(amount)), amount);
      assert.equal(parseSize(formatSize(amount)), amount);
    }),
  );
  assert.equal(formatDuration(90_000), '90s');
  assert.equal(formatSize(20_971_520), '20MiB');
});

test('no text makes the parsers throw or give a fraction', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const amount of [parseDuration(text), parseSize(text)]) {
        assert.ok(amount === undefined || (Number.isSafeInteger(amount) && amount >= 0));
      }
    }),
  );
});
