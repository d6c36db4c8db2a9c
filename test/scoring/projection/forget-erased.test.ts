import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PalateError } from '../../../src/errors.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { forgetErased } from '../../../src/scoring/projection/forget-erased.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import type { ScoreRecords } from '../../../src/storage/records/score-records.ts';
import { hashOf, wordOf } from './following.ts';

let folder: string;
let records: ScoreRecords;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-forget-'));
  records = await openLmdbScoreRecords(folder, silentLog);
});
after(async () => {
  await records.close();
  await rm(folder, { recursive: true });
});

test('a record that comes while others are looked for stays until its photo is gone', async () => {
  await records.put('', wordOf(1, 'ann'));
  const late: ScoreRecords = {
    ...records,
    lastSequence: 0,
    async hashesOf(tenant, isTheirs) {
      const hashes = await records.hashesOf(tenant, isTheirs);
      await records.put('', wordOf(2, 'ann'));
      return hashes;
    },
  };
  const removed: string[] = [];
  let isAway = true;
  const forget = () =>
    forgetErased({
      journal: { read: () => (async function* () {})() },
      records: late,
      apply: async () => undefined,
      putsSettled: async () => undefined,
      // The tenant is known by what is on its way.
      observeUnsent: (listener) => {
        listener('', new Uint8Array(0));
        return () => undefined;
      },
      forgetSent: () => undefined,
      async removePhoto({ sha256 }) {
        if (isAway && sha256 === hashOf(2)) throw new PalateError('STORAGE_FAILED', 'the store is away');
        removed.push(sha256);
      },
      othersMillis: 0,
      signal: AbortSignal.timeout(5_000),
    });
  await assert.rejects(forget(), { reason: 'STORAGE_FAILED' });
  assert.equal(await records.find('', hashOf(1)), undefined);
  assert.ok(await records.find('', hashOf(2)), 'the next attempt finds its photo by it');
  isAway = false;
  const forgotten = await forget();
  assert.deepEqual(forgotten, { records: 1, photos: 1 });
  assert.equal(await records.find('', hashOf(2)), undefined);
  assert.deepEqual(removed, [hashOf(1), hashOf(2)]);
});
