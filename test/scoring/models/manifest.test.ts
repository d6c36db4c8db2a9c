import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readManifest, readVersions, versionsIn } from '../../../src/scoring/models/manifest.ts';
import { editedFood, foodFolder, temporaryFolder, toyModel } from './model-folder.ts';

describe('readManifest', () => {
  it('reads the shipped model', () => {
    const manifest = readManifest(foodFolder);
    assert.deepEqual([manifest.name, manifest.version], ['food', '1']);
    assert.equal(manifest.file, join(foodFolder, '1', 'model.onnx'));
    assert.deepEqual(manifest.input, { name: 'image', size: 224, fit: 'cover', kernel: 'cubic' });
    assert.deepEqual(manifest.outputs, [
      { name: 'labels', length: 116 },
      { name: 'food', length: 1 },
      { name: 'energy', length: 1 },
      { name: 'embedding', length: 256 },
      { name: 'grocery', length: 81 },
    ]);
    assert.equal(manifest.classes.length, 116);
    assert.equal(manifest.embeddingLength, 256);
    assert.ok(manifest.foodThreshold > 0 && manifest.foodThreshold < 1);
  });

  it('takes a model that answers labels alone, and another version than the one that is named', async (test) => {
    const folder = await toyModel(temporaryFolder(test), 'toy', ['7', '8-beta']);
    const { version, outputs, embeddingLength } = readManifest(folder);
    assert.deepEqual([version, outputs, embeddingLength], ['7', [{ name: 'labels', length: 2 }], 0]);
    assert.equal(readManifest(folder, '8-beta').file, join(folder, '8-beta', 'model.onnx'));
    assert.throws(() => readManifest(folder, '../7'), { reason: 'MODEL_INVALID', message: /"\.\.\/7" can't be/ });
  });

  it('serves the version that is named, a list of them, or all that are there, in order', async (test) => {
    const folder = await toyModel(temporaryFolder(test), 'toy', ['9', '10', '2']);
    const file = join(folder, 'model.yaml');
    const yaml = await readFile(file, 'utf8');
    assert.deepEqual(readVersions(folder), { name: 'toy', defaultVersion: '9', versions: ['9'] });
    await writeFile(file, `${yaml}versions: [10, 2]\n`);
    assert.deepEqual(readVersions(folder).versions, ['2', '9', '10']);
    await writeFile(file, `${yaml}versions: all\n`);
    await mkdir(join(folder, 'making'));
    assert.deepEqual(readVersions(folder).versions, ['2', '9', '10']);
    assert.deepEqual(versionsIn(folder), ['2', '9', '10']);
    await writeFile(file, `${yaml}versions: []\n`);
    assert.throws(() => readVersions(folder), { reason: 'MODEL_INVALID', message: /versions: / });
  });

  const mistakes: readonly [what: string, from: string | RegExp, to: string, problem: RegExp][] = [
    ['a misspelt key', 'food_threshold', 'food_treshold', /model\.yaml: .*food_threshold/],
    ['a threshold above 1', /food_threshold: .*/, 'food_threshold: 51', /model\.yaml: food_threshold: /],
    ['another type of input', 'type: uint8', 'type: float32', /model\.yaml: input\.type: /],
    ['an input that is not square', '[n, 224, 224, 3]', '[n, 224, 225, 3]', /input\.shape: it must be square/],
    ['a batch of fixed size', '[n, 224, 224, 3]', '[1, 224, 224, 3]', /input\.shape\.0: it must be n/],
    [
      'more labels than classes',
      '[n, 116]',
      '[n, 117]',
      /outputs\.labels\.shape has 117 labels, but classes\.csv has 116/,
    ],
    ['classes elsewhere', 'classes: classes.csv', 'classes: ../classes.csv', /model\.yaml: classes: /],
    ['a name that is a path', 'name: food', 'name: a/b', /model\.yaml: name: it must be/],
    ['a kernel that sharp has not', 'kernel: cubic', 'kernel: box', /input\.kernel: /],
    ['what is no YAML', 'name: food', 'name: [', /model\.yaml: /],
    ['what is no map', /^[\s\S]*$/, 'food', /model\.yaml: the whole: /],
  ];
  for (const [what, from, to, problem] of mistakes) {
    it(`refuses ${what}, and says where it stands`, async (test) => {
      const folder = await editedFood(temporaryFolder(test), { yaml: (text) => text.replace(from, to) });
      assert.throws(() => readManifest(folder), { reason: 'MODEL_INVALID', message: problem });
    });
  }

  it('names the file that is missing', async (test) => {
    const folder = temporaryFolder(test);
    assert.throws(() => readManifest(folder), { reason: 'MODEL_INVALID', message: /model\.yaml: ENOENT/ });
    await editedFood(folder, { yaml: (text) => text.replace('classes: classes.csv', 'classes: labels.csv') });
    assert.throws(() => readManifest(folder), { reason: 'MODEL_INVALID', message: /labels\.csv: ENOENT/ });
    await writeFile(join(folder, 'labels.csv'), '');
    assert.throws(() => readManifest(folder), { reason: 'MODEL_INVALID', message: /labels\.csv: it has no classes/ });
  });
});
