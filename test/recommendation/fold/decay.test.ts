import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exp2, ForwardDecay } from '../../../src/recommendation/fold/decay.ts';
import { isClose } from './events.ts';

describe('exp2', () => {
  it('is within 1e-13 of Math.pow', () => {
    fc.assert(
      fc.property(fc.double({ min: -1_000, max: 1_000, noNaN: true }), (x) => {
        assert.ok(isClose(exp2(x), 2 ** x, 1e-13), `2^${x}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is exact for whole numbers, also where doubles are subnormal', () => {
    let power = 1;
    for (let x = 0; x <= 1_023; x++, power *= 2) assert.equal(exp2(x), power);
    power = 1;
    for (let x = 0; x >= -1_074; x--, power /= 2) assert.equal(exp2(x), power);
  });

  it('is whole just below a whole number', () => {
    assert.equal(exp2(-5e-324), 1);
    assert.equal(exp2(-1e-17), 1);
  });

  it('ends in 0 and in Infinity', () => {
    assert.equal(exp2(-1_075), 0);
    assert.equal(exp2(Number.NEGATIVE_INFINITY), 0);
    assert.equal(exp2(1_024), Number.POSITIVE_INFINITY);
  });

  it('rises with x', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        (x, step) => {
          assert.ok(exp2(x + step) > exp2(x));
        },
      ),
    );
  });
});

describe('ForwardDecay', () => {
  it('halves what it reads with every half-life', () => {
    const decay = new ForwardDecay(1_000);
    assert.equal(decay.advance(5_000), 1);
    const weight = decay.weightAt(5_000);
    assert.equal(weight * decay.readFactor(5_000), 1);
    assert.equal(weight * decay.readFactor(6_000), 0.5);
    assert.equal(weight * decay.readFactor(8_000), 0.125);
  });

  it('gives a late signal the weight of its age', () => {
    const decay = new ForwardDecay(1_000);
    decay.advance(5_000);
    decay.advance(3_000);
    assert.equal(decay.weightAt(3_000) * decay.readFactor(5_000), 0.25);
  });

  it('moves its landmark by an exact power of two', () => {
    const decay = new ForwardDecay(1_000);
    decay.advance(0);
    const old = decay.weightAt(0);
    const factor = decay.advance(300_500);
    assert.equal(factor, 2 ** -300);
    assert.equal(decay.landmarkMicros, 300_000);
    assert.equal(old * factor * decay.readFactor(300_000), 2 ** -300);
  });

  it('reads nothing before the first signal', () => {
    assert.equal(new ForwardDecay(1_000).readFactor(7), 0);
  });
});
