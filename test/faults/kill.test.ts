import { test } from 'node:test';
import { killRound } from './kill-rounds.ts';

test('kill -9 during a full-speed PublishStream loses nothing that was acknowledged', async (t) => {
  for (let round = 1; round <= 3; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await killRound(t, 300)));
  }
});
