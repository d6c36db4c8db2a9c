import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ratioOf, weightedMeanOf } from '../../bench/ratios.ts';

describe('a ratio of pairs', () => {
  it('is what every pair has, whatever the pair, and then without an error', () => {
    const sizes = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.1, max: 10, noNaN: true }), (firsts, factor) => {
        const { value, error } = ratioOf(firsts.map((first) => [first, first * factor]));
        assert.ok(Math.abs(value / factor - 1) < 1e-9);
        assert.ok(error < 1e-6);
      }),
    );
  });

  it('does not follow the few that were disturbed', () => {
    const pairs = Array.from({ length: 100 }, (_, nth) => [100, nth % 10 === 0 ? 400 : 102] as const);
    assert.ok(Math.abs(ratioOf(pairs).value - 1.02) < 1e-9);
  });

  it('has an error that the ratio of chance alone keeps to', () => {
    // Pairs that differ by chance: deterministic, as even as lots drawn by a bell.
    const lots = Array.from({ length: 400 }, (_, nth) => Math.sin(nth * 12.9898) * 0.1);
    const { value, error } = ratioOf(lots.map((lot) => [1, Math.exp(lot)]));
    assert.ok(error > 0.001 && error < 0.01, `${error}`);
    assert.ok(Math.abs(value - 1) < 3 * error, `${value} ± ${error}`);
  });
});

describe('a weighted mean', () => {
  it('goes by the surer one', () => {
    const { value, error } = weightedMeanOf([
      { value: 1, error: 0.01 },
      { value: 1.01, error: 0.1 },
    ]);
    assert.ok(value > 1 && value < 1.001);
    assert.ok(error < 0.01);
  });

  it('is no surer than its parts agree', () => {
    const { error } = weightedMeanOf([
      { value: 1, error: 0.001 },
      { value: 1.1, error: 0.001 },
    ]);
    assert.ok(error > 0.04, `${error}`);
  });
});
