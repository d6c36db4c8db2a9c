import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { scoringReport } from '../../bench/scoring/report.ts';
import { runScoring } from '../../bench/scoring.ts';

describe('the benchmark of the scorer, in short', () => {
  it('scores every photo, each once, and lets none be late beyond the peak', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palate-scoring-'));
    try {
      const values = { seconds: '2', rounds: '1', concurrency: '4', count: '16', 'warm-up': '2' };
      const { run } = await runScoring({ values, folder, progress: () => {} });
      const { saturation, cached, burst, overload, loop } = run;
      for (const { imagesPerCpuSecond } of saturation.raw) assert.ok(imagesPerCpuSecond > 1);
      const [four] = saturation.server;
      assert.equal(four!.errors, 0);
      assert.ok(four!.imagesPerSecond > 1 && four!.meanBatchImages >= 1 && four!.ofRaw > 0.2, JSON.stringify(four));
      assert.deepEqual([cached.errors, cached.computed], [0, 0]);
      assert.equal(burst.inferences, 1);
      assert.equal(burst.deduplicated, burst.answered - 1);
      assert.equal(overload.otherFailures, 0);
      assert.equal(overload.seen.refusals, overload.seen.withRetryAfter);
      assert.ok(overload.goodputOfPeak > 0.3, `${overload.goodputOfPeak}`);
      assert.ok(loop.imagesPerSecond > 1 && loop.saturatedMillis.p99 >= 0);
      assert.equal(scoringReport(run).tables.length, 6);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
