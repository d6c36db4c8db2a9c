import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { picture, plain } from '../scoring/decoding/images.ts';

test('scripts/model-accuracy.ts counts what the shipped model gets right and refuses', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-accuracy-'));
  context.after(() => rm(folder, { recursive: true }));
  await picture(300, 200).toFile(join(folder, 'one.jpg'));
  await plain(300, 200, [12, 12, 12]).toFile(join(folder, 'two.png'));
  const labels = join(folder, 'labels.txt');
  // No photo is of the class after the last.
  await writeFile(labels, 'one.jpg, 116, 0\ntwo.png, 116, 0\n');
  const script = fileURLToPath(new URL('../../scripts/model-accuracy.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder, labels, '--instances', '1']);
  assert.match(stdout, /^model +food 1 on cpu, sha256 [0-9a-f]{64}\nright +0 of 2 \(0\.0 %\)\nrefused +[0-2] \(/);
  assert.match(stdout, /instance +food-1-0: 2 images in [12] batches/);
});
