/** `npm run soak:kill`: a hundred kills, of servers that are in the middle of everything they do. */

import { test } from 'node:test';
import { killedRound } from '../recommendation/shadow/killed-round.ts';
import { makeFolder, removeFolder } from '../recommendation/shadow/shadow-fixture.ts';
import { anyMoment, erasureRound } from './erasure-rounds.ts';
import { alwaysSnapshots, killRound } from './kill-rounds.ts';

test('kill -9 during a full-speed PublishStream, 30 times over', async (t) => {
  for (let round = 1; round <= 30; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await killRound(t, 3_000)));
  }
});

test('kill -9 while snapshots are written under load, 20 times over', async (t) => {
  for (let round = 1; round <= 20; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await killRound(t, 3_000, alwaysSnapshots)));
  }
});

test('kill -9 while snapshots are written and segments dropped, 20 times over the same folder', async (t) => {
  const folder = await makeFolder();
  t.after(() => removeFolder(folder));
  for (let round = 1; round <= 20; round++) await t.test(`round ${round}`, () => killedRound(folder));
});

test('kill -9 during an erasure under load, 30 times over', async (t) => {
  for (let round = 1; round <= 30; round++) {
    await t.test(`round ${round}`, async (t) => t.diagnostic(await erasureRound(t, anyMoment(round))));
  }
});
