/** The shipped model on two other servers says what it says here, also while one of them is killed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadedModel } from '../../../../src/scoring/models/loaded-model.ts';
import { readManifest } from '../../../../src/scoring/models/manifest.ts';
import { eventually, kill, servePalate } from '../../../servers/palate-process.ts';
import { foodFolder } from '../../models/model-folder.ts';
import { keptLog } from '../../models/toy-model.ts';
import { testImage } from '../food-outputs.ts';

const images = Array.from({ length: 24 }, (_, seed) => testImage(seed));

test('the answers of remotes are those of a local scorer, each to its own image', async (t) => {
  const args = ['--roles', 'ingest,scoring', '--set', 'scoring.models.instances=1'];
  const servers = await Promise.all([servePalate(t, { args }), servePalate(t, { args })]);
  const manifest = readManifest(foodFolder);
  const { log } = keptLog();
  const local = await LoadedModel.start(manifest, { instances: 1, log });
  t.after(() => local.stop());
  const addresses = servers.map(({ grpc }) => grpc);
  const remote = await LoadedModel.start(manifest, { provider: 'remote', remote: { addresses }, log });
  t.after(() => remote.stop());
  await eventually('both are there', () => remote.instances.every(({ perImageMillis }) => perImageMillis > 0));
  assert.equal(remote.sha256, local.sha256);
  const ask = (model: LoadedModel) =>
    Promise.all(images.map((pixels) => model.infer(pixels, { deadlineMillis: Date.now() + 20_000 })));
  const expected = await ask(local);
  const check = (answers: typeof expected) => {
    for (const [index, { output }] of answers.entries()) {
      const far = output.values.map((value, at) => Math.abs(value - expected[index]!.output.values[at]!));
      assert.ok(Math.max(...far) < 1e-4, `image ${index}`);
    }
  };
  const healthy = await ask(remote);
  check(healthy);
  assert.equal(new Set(healthy.map(({ worker }) => worker)).size, 2);
  const during = ask(remote);
  await kill(servers[0]!);
  check(await during);
  check(await ask(remote));
});
