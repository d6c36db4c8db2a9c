import { test } from 'node:test';
import { anyMoment, erasureRound } from './erasure-rounds.ts';

test('kill -9 during an erasure under load, 9 times over, loses nothing, and the erasure is finished', async (t) => {
  for (let round = 1; round <= 9; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await erasureRound(t, anyMoment(round))));
  }
});
