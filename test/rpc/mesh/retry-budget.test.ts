import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '../../../src/rpc/mesh/retry-budget.ts';

test('second attempts are bounded to a tenth of what goes well, after a first burst', () => {
  const budget = new RetryBudget();
  let granted = 0;
  while (budget.mayRetry()) granted += 1;
  assert.equal(granted, 49);
  for (let calls = 0; calls < 9; calls++) budget.succeeded();
  assert.equal(budget.mayRetry(), false);
  for (let calls = 0; calls < 12; calls++) budget.succeeded();
  assert.equal(budget.mayRetry(), true);
  assert.equal(budget.mayRetry(), false);
  assert.deepEqual(budget.attempts, { granted: 50, denied: 3 });
});
