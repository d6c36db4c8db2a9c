import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitMillis } from '../../../src/rpc/client/backoff.ts';

test('each wait is twice the one before, up to the longest, less up to half by chance', () => {
  const backoff = { firstMillis: 100, longestMillis: 1_000 };
  const waits = (chance: number) =>
    [0, 1, 2, 3, 4, 5, 2_000].map((failures) => waitMillis(backoff, failures, () => chance));
  assert.deepEqual(waits(0), [100, 100, 200, 400, 800, 1_000, 1_000]);
  assert.deepEqual(waits(1), [50, 50, 100, 200, 400, 500, 500]);
});
