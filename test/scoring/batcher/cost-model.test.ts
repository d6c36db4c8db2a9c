import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CostModel } from '../../../src/scoring/batcher/cost-model.ts';

const guess = { perImageMillis: 1, perBatchMillis: 4 };

describe('CostModel', () => {
  it('believes the guess at first', () => {
    assert.equal(new CostModel(guess).predict(3), 7);
  });

  it('finds any line from batches of several sizes', () => {
    const millis = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(millis, millis, (perImage, perBatch) => {
        const model = new CostModel(guess);
        for (let i = 0; i < 500; i++) model.observe(1 + (i % 8), perImage * (1 + (i % 8)) + perBatch);
        for (const images of [1, 4, 8]) {
          const expected = perImage * images + perBatch;
          assert.ok(Math.abs(model.predict(images) - expected) < 0.01 * expected + 0.01);
        }
      }),
    );
  });

  it('learns the level, and keeps the shape, where all batches are of one size', () => {
    const model = new CostModel(guess);
    for (let i = 0; i < 500; i++) model.observe(1, 10);
    assert.ok(Math.abs(model.predict(1) - 10) < 0.1);
    assert.ok(model.predict(2) > 10);
  });

  it('is never negative, whatever it sees', () => {
    const observation = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.double({ min: 0, max: 1e4, noNaN: true }));
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 60 }), (observations) => {
        const model = new CostModel(guess);
        for (const [images, millis] of observations) model.observe(images, millis);
        const { perImageMillis, perBatchMillis } = model.cost;
        assert.ok(perImageMillis >= 0 && perBatchMillis >= 0, JSON.stringify(model.cost));
      }),
    );
  });

  it('follows a worker that becomes slower', () => {
    const model = new CostModel(guess);
    for (let i = 0; i < 300; i++) model.observe(1 + (i % 4), 1 + (i % 4));
    for (let i = 0; i < 300; i++) model.observe(1 + (i % 4), 10 * (1 + (i % 4)));
    assert.ok(Math.abs(model.predict(4) - 40) < 1);
  });
});
