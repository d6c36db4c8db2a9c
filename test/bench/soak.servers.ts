import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runSoak } from '../../bench/soak.ts';
import { soakFailures } from '../../bench/soak-verdict.ts';

describe('a soak, in short', () => {
  it('keeps up, loses nothing, and comes to the digest of a full replay', { timeout: 240_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palate-soak-'));
    try {
      const values = { seconds: '20', events: '10000', rate: '100', 'photos-per-second': '2', 'snapshot-every': '5' };
      const run = await runSoak({ values, folder, progress: () => {} });
      assert.deepEqual(soakFailures(run), []);
      assert.equal(run.photos.asked, 40);
      assert.ok(run.photos.events > 0, 'no photo got a score');
      assert.equal(run.inJournal, 200_000 + run.photos.events);
      assert.equal(run.isDigestEqual, true);
      assert.ok(run.samples.length >= 10, `${run.samples.length} samples`);
      assert.ok(run.samples.at(-1)!.snapshots > 0, 'no snapshot was written');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
