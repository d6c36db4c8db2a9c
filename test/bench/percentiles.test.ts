import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { medianOf, percentilesOf } from '../../bench/percentiles.ts';

describe('percentiles', () => {
  it('are by nearest rank, whatever the order', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    assert.deepEqual(percentilesOf(values), { p50: 500, p90: 900, p99: 990, p999: 999, max: 1_000 });
    assert.deepEqual(percentilesOf([3]), { p50: 3, p90: 3, p99: 3, p999: 3, max: 3 });
  });

  it('are not numbers where nothing was measured', () => {
    assert.ok(Number.isNaN(percentilesOf([]).p99));
    assert.ok(Number.isNaN(medianOf([])));
  });

  it('have the middle as median', () => {
    assert.equal(medianOf([9, 1, 5]), 5);
    assert.equal(medianOf([1, 2]), 2);
  });
});
