/** The records on a disk that is really full. Mounts a small file system, for which it needs root. */

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPalateError } from '../../../src/errors.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import type { ScoreRecords } from '../../../src/storage/records/score-records.ts';
import { smallDisk } from '../../servers/small-disk.ts';
import { hashOf, wordOn } from './suite.ts';

test('a full disk refuses writes, is read all the same, and takes writes when there is room again', async (t) => {
  const disk = await smallDisk(t, 2);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(1 << 20));
  const messages: string[] = [];
  const open = () => openLmdbScoreRecords(join(disk, 'scores'), { warn: (_, message) => void messages.push(message) });

  const records = await open();
  const kept = await putUntilFull(records);
  assert.ok(kept > 0);
  for (let n = 0; n < kept; n++) assert.ok(await records.find('', hashOf(`p${n}`)));
  assert.deepEqual(new Set(messages), new Set(['there is no room for the score records']));
  await rm(ballast);
  await Promise.all(Array.from({ length: 50 }, (_, n) => records.put('', wordOn(`later ${n}`))));
  await records.close();

  await writeFile(ballast, Buffer.alloc(1 << 20)).catch(() => {});
  const again = await open();
  assert.ok(await again.find('', hashOf('p0')));
  assert.ok(await again.find('', hashOf('later 49')));
  assert.equal(new Set(messages).size, 1);
  await again.close();
});

/** Puts batches until one is refused; how many photos were put before it. */
async function putUntilFull(records: ScoreRecords): Promise<number> {
  for (let n = 0; n < 20_000; n += 20) {
    const batch = Array.from({ length: 20 }, (_, index) => records.put('', wordOn(`p${n + index}`)));
    const refused = (await Promise.allSettled(batch)).filter((each) => each.status === 'rejected');
    for (const { reason } of refused) assert.equal(isPalateError(reason) && reason.reason, 'STORAGE_FULL');
    if (refused.length > 0) return n;
  }
  assert.fail('the disk did not get full');
}
