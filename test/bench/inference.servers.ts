/** The benchmark of the protocol, in short: against a server by its address, and beside the bare loop. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BenchValues } from '../../bench/benchmark.ts';
import type { Level } from '../../bench/inference/measure-level.ts';
import { inference } from '../../bench/inference.ts';
import { writeTinyModel } from '../interop/tiny-onnx.ts';
import { servePalate, temporaryFolder } from '../servers/palate-process.ts';

const home = await writeTinyModel(await temporaryFolder({ after }), 'tiny', [1]);
const server = await servePalate(
  { after },
  { args: ['--roles', 'ingest,scoring', '--set', `scoring.models.folders=${home}`] },
);
const photos = fileURLToPath(new URL('../../bench/data/grocery', import.meta.url));
const short = { concurrency: '1:4:x4', window: '300', windows: '3', 'warm-up': '1', stability: '90' };

async function run(values: BenchValues) {
  const folder = mkdtempSync(join(tmpdir(), 'palate-inference-'));
  try {
    return await inference.run({ values, folder, progress: () => {} });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sweeps: Readonly<Record<string, BenchValues>> = {
  'random tensors': { batch: '3' },
  'random tensors on streams': { streaming: true },
  photos: { photos, batch: '2' },
  'given tensors': { inputs: 'image:UINT8:2,8,8,3', 'model-version': '1' },
};

for (const [what, values] of Object.entries(sweeps)) {
  test(`sweeps a model by its address: ${what}`, async () => {
    const { figures, tables } = await run({ url: server.grpc, model: 'tiny', ...short, ...values });
    const { levels } = figures as { readonly levels: readonly Level[] };
    assert.deepEqual(
      levels.map(({ concurrency }) => concurrency),
      [1, 4],
    );
    for (const { answered, errors, latencyMillis, server: times } of levels) {
      assert.ok(answered > 10 && errors === 0);
      assert.ok(latencyMillis.p50 <= latencyMillis.p95 && latencyMillis.p95 <= latencyMillis.p99);
      assert.ok(times !== undefined && times.requests >= answered && times.inferMillis > 0);
    }
    assert.equal(tables[0]?.rows.length, 2);
  });
}

test('says what is wrong before it begins', async () => {
  const wrong = (values: BenchValues, reason: string, message: RegExp) =>
    assert.rejects(run({ url: server.grpc, model: 'tiny', ...short, ...values }), { reason, message });
  await wrong({ url: 'localhost' }, 'USAGE', /--url takes HOST:PORT/);
  await wrong({ url: '127.0.0.1:1' }, 'UNREACHABLE', /could not connect to 127\.0\.0\.1:1/);
  await wrong({ model: 'meat' }, 'USAGE', /no answer about model meat.*unknown model: 'meat'/);
  await wrong({ batch: '1000' }, 'USAGE', /takes at most \d+ in one request/);
  await wrong({ inputs: 'image:FP32:1,8,8,3' }, 'USAGE', /first request failed.*data-type is 'FP32'/);
  await wrong({ inputs: 'image:FP32:1,8,8,3', streaming: true }, 'USAGE', /first request failed.*data-type is 'FP32'/);
});

test('ours beside the bare loop', { timeout: 120_000 }, async () => {
  const values = { rounds: '1', seconds: '1', 'warm-up': '1', concurrency: '4', count: '4' };
  const { tables, figures } = await run(values);
  const { lines } = figures as { readonly lines: readonly { readonly ofRaw: number; readonly level: Level }[] };
  assert.equal(tables.length, 2);
  for (const { ofRaw, level } of lines) assert.ok(ofRaw > 0.1 && level.errors === 0, JSON.stringify(level));
});
