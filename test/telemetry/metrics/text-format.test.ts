import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../../../src/telemetry/metrics/histogram.ts';
import { gauge, histogram, summary } from '../../../src/telemetry/metrics/metric.ts';
import { familyText } from '../../../src/telemetry/metrics/text-format.ts';
import { readExposition } from './exposition.ts';

const none = () => undefined;

test('a gauge without labels is three lines', () => {
  const text = familyText(gauge('x_bytes', 'bytes', 'How many.', none), [{ labels: [], value: 7 }]);
  assert.equal(text, '# HELP x_bytes How many.\n# TYPE x_bytes gauge\nx_bytes 7\n');
});

test('a label without a value is left out', () => {
  const metric = gauge('x', '', 'X.', none, ['a', 'b']);
  const text = familyText(metric, [
    { labels: ['', '1'], value: 1 },
    { labels: ['', ''], value: 2 },
  ]);
  assert.deepEqual(text.split('\n').slice(2), ['x{b="1"} 1', 'x 2', '']);
});

test('whatever the values of labels, help and numbers are, they are read as they were', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(Number.POSITIVE_INFINITY, 0, -0));
  const texts = fc.string({ minLength: 1, unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', 'n', 'é') });
  fc.assert(
    fc.property(texts, texts, value, (label, other, number) => {
      if (number === Number.NEGATIVE_INFINITY) return;
      const metric = gauge('x', '', 'Two\nlines \\ of help', none, ['label', 'other']);
      const [family] = readExposition(familyText(metric, [{ labels: [label, other], value: number }])).values();
      assert.deepEqual(family?.samples[0]?.labels, { label, other });
      assert.equal(family?.samples[0]?.value, number === 0 ? 0 : number);
    }),
  );
});

test('a histogram counts up, and ends with all of them', () => {
  const sizes = new Histogram([1, 2.5]);
  for (const size of [0, 1, 1.1, 2.5, 3]) sizes.observe(size);
  const text = familyText(histogram('x_seconds', 'seconds', 'X.', none, ['a']), [{ labels: ['b'], value: sizes }]);
  assert.deepEqual(text.trimEnd().split('\n').slice(2), [
    'x_seconds_bucket{a="b",le="1"} 2',
    'x_seconds_bucket{a="b",le="2.5"} 4',
    'x_seconds_bucket{a="b",le="+Inf"} 5',
    'x_seconds_sum{a="b"} 7.6',
    'x_seconds_count{a="b"} 5',
  ]);
});

test('a summary has its sum and its count', () => {
  const text = familyText(summary('x_seconds', 'seconds', 'X.', none), [{ labels: [], value: { sum: 1.5, count: 3 } }]);
  assert.deepEqual(text.trimEnd().split('\n').slice(1), [
    '# TYPE x_seconds summary',
    'x_seconds_sum 1.5',
    'x_seconds_count 3',
  ]);
});

test('each observed value is in exactly one place of a histogram: the first whose bound is not below it', () => {
  const bounds = [0.001, 0.01, 0.1, 1];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true })), (values) => {
      const sizes = new Histogram(bounds);
      for (const value of values) sizes.observe(value);
      const expected = [...bounds, Number.POSITIVE_INFINITY].map(
        (bound, at) => values.filter((value) => value <= bound && (at === 0 || value > bounds[at - 1]!)).length,
      );
      assert.deepEqual([...sizes.counts], expected);
      assert.ok(Math.abs(sizes.sum - values.reduce((sum, value) => sum + value, 0)) < 1e-6);
    }),
  );
});
