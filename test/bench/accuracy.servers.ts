import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { measureAccuracy } from '../../bench/accuracy.ts';

describe("accuracy on Serenade's data, through a real server", () => {
  it('is at least what Serenade prints, at its default settings', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palate-accuracy-'));
    try {
      const { runs, trainingClicks } = await measureAccuracy({ values: {}, folder, progress: () => {} });
      assert.equal(trainingClicks, 113_601);
      for (const { placement, metrics } of runs) {
        assert.equal(metrics.evaluations, 931, placement);
        assert.ok(metrics.mrr >= 0.3277, `${placement}: MRR@20 is ${metrics.mrr}`);
        if (placement === 'stan-only') continue;
        assert.ok(metrics.hitRate >= 0.6402, `${placement}: HR@20 is ${metrics.hitRate}`);
        assert.ok(metrics.recall >= 0.4456, `${placement}: Recall@20 is ${metrics.recall}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
