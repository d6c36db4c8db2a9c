import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { large } from '../../bench/large.ts';

describe('a whole history, in short', () => {
  it('leads to one state: replayed, from a snapshot, and folded outside a server', { timeout: 240_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palate-large-'));
    const keep = join(folder, 'kept');
    const context = (events: string) => ({ values: { events, keep }, folder, progress: () => {} });
    try {
      const { failures, tables } = await large.run(context('60000'));
      assert.deepEqual(failures, []);
      const rows = new Map(tables[0]!.rows.map(([name, figure]) => [name, figure]));
      assert.equal(rows.get('events'), '60,000');
      await assert.rejects(large.run(context('70000')), /has 60000 events, not 70000/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
