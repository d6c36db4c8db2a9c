import { test } from 'node:test';
import { killRound } from './kill-rounds.ts';

test('kill -9 during a full-speed PublishStream, 20 times over, loses nothing that was acknowledged', async (t) => {
  for (let round = 1; round <= 20; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await killRound(t, 1_500)));
  }
});
