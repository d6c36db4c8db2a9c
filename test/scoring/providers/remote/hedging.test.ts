import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Hedging } from '../../../../src/scoring/providers/remote/hedging.ts';

describe('Hedging', () => {
  it('allows a share of all batches, and a few at once', () => {
    const hedging = new Hedging(0.05);
    let spent = 0;
    while (hedging.spend(false)) spent++;
    assert.equal(spent, 8);
    for (let batch = 0; batch < 1_000; batch++) {
      hedging.earn();
      if (hedging.spend(false)) spent++;
    }
    assert.ok(Math.abs(spent - 58) <= 1, `${spent}`);
    const none = new Hedging(0);
    none.earn();
    assert.equal(none.spend(true), false);
  });

  it('keeps some for those that are very late', () => {
    const hedging = new Hedging(0.05);
    while (hedging.spend(false));
    let spent = 0;
    while (hedging.spend(true)) spent++;
    assert.equal(spent, 8);
  });

  it('takes for late what 95 of 100 are not', () => {
    const hedging = new Hedging(0.05);
    assert.equal(hedging.delayMillis(10), 40);
    for (let batch = 1; batch <= 200; batch++) hedging.observe(10 + (batch % 100), 10);
    const delay = hedging.delayMillis(10);
    assert.ok(delay >= 103 && delay <= 106, `${delay}`);
    assert.equal(hedging.delayMillis(0), 2);
  });
});
