import { test } from 'node:test';
import { erasureRound, type KillAt } from './erasure-rounds.ts';

/** The longest wait before the kill, in milliseconds. */
const longest = { asked: 150, acknowledged: 500, rewriting: 60 } as const;
const moments = Object.keys(longest) as KillAt['after'][];

test('kill -9 during an erasure under load, 20 times over, loses nothing, and the erasure is finished', async (t) => {
  for (let round = 1; round <= 20; round++) {
    const after = moments[round % moments.length]!;
    const killAt = { after, millis: Math.random() * longest[after] };
    await t.test(`round ${round}`, async (t) => t.diagnostic(await erasureRound(t, killAt)));
  }
});
