/** Pipelines in the registry and the repository: what is checked, and that nothing breaks one that works. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLog } from '../../../src/rpc/log.ts';
import { ModelRegistry } from '../../../src/scoring/models/model-registry.ts';
import { ModelRepository } from '../../../src/scoring/models/model-repository.ts';
import { writeTinyGate } from '../../interop/tiny-onnx.ts';
import { openInference, pixels } from '../inference/open-inference.ts';
import { temporaryFolder, toyModel } from './model-folder.ts';
import { gateAndScorer, redMeals, writePipeline } from './pipeline-folder.ts';
import { toyEntry } from './toy-model.ts';

/** A repository with the gate, the scorer and the pipeline, all served. */
async function open(test: TestContext) {
  const root = temporaryFolder(test);
  const sourceOf = (folder: string) => ({ folder, instances: 1, log: silentLog });
  const sources = (await redMeals(root)).map(sourceOf);
  const registry = new ModelRegistry(sources);
  const repository = new ModelRepository({ registry, sources, root: sourceOf(root), mayChange: true });
  await registry.start();
  test.after(() => registry.stop());
  const never = new AbortController().signal;
  return {
    root,
    registry,
    load: (name: string) => repository.load(name, undefined, never),
    unload: (name: string) => repository.unload(name, never),
    index: () => repository.index().map(({ name, version, state }) => `${name} ${version} ${state}`),
    models: (name = '') => registry.chain(name).links.map(({ model }) => `${model.name} ${model.version}`),
  };
}

describe('a pipeline', () => {
  it('answers by default where it is the first source; a model alone where it is named', async (test) => {
    const { models, index } = await open(test);
    assert.deepEqual([models(), models('scorer')], [['red-gate 1', 'scorer 1'], ['scorer 1']]);
    assert.deepEqual(index(), ['meals 1 READY', 'red-gate 1 READY', 'scorer 1 READY', 'scorer 2 UNAVAILABLE']);
  });

  it('is loaded and unloaded like a model, and keeps its models meanwhile', async (test) => {
    const { root, load, unload, index, models } = await open(test);
    await assert.rejects(unload('scorer'), { reason: 'MODEL_IN_USE', message: /step of pipeline meals/ });
    await writePipeline(root, 'meals', gateAndScorer, 2);
    await load('meals');
    assert.equal(index()[0], 'meals 2 READY');
    await unload('meals');
    assert.equal(index()[0], 'meals 2 UNAVAILABLE');
    assert.throws(() => models('meals'), { reason: 'MODEL_UNKNOWN' });
    await unload('scorer');
    await assert.rejects(load('meals'), { reason: 'MODEL_INVALID', message: /step 2: scorer is not loaded/ });
    await load('scorer');
    await load('meals');
    assert.deepEqual(models('meals'), ['red-gate 1', 'scorer 1']);
  });

  it('leaves the classes of its last model first among those of all', async (test) => {
    const { registry, unload } = await open(test);
    const names = () => registry.classes().map(({ name }) => name);
    assert.deepEqual(names(), ['Apple', 'Pear', 'Red', 'Grey']);
    for (const name of ['meals', 'scorer']) await unload(name);
    assert.deepEqual(names(), ['Red', 'Grey']);
    await unload('red-gate');
    assert.deepEqual(names(), []);
  });

  it('that is not sound takes the place of nothing', async (test) => {
    const { root, load, models, index } = await open(test);
    const wrong: Readonly<Record<string, RegExp>> = {
      '  - { model: meat }\n': /step 1: meat is not loaded; loaded: red-gate 1/,
      '  - { name: a, model: scorer, version: 9 }\n': /step 1: scorer 9 is not loaded/,
      '  - { model: meals }\n': /step 1: meals is a pipeline; a step has to be a model/,
      [gateAndScorer.replace('"Red"', '"Rad"')]: /step 2: when, at ".*": gate\.labels has no "Rad": it has Red, Grey/,
      [gateAndScorer.replace('gate.labels', 'gate.food')]:
        /step 2: when, .*gate has no "food": it has version, labels, label/,
      [gateAndScorer.replace('gate.', 'scorer.')]: /step 2: when, .*"scorer" is not known; known here: gate/,
      [gateAndScorer.replace('gate.labels["Red"] >= 0.5', 'gate.version + 1.0')]:
        /step 2: when, .*must be true or false; it is a number/,
      [gateAndScorer.replace('>=', '>=>')]: /step 2: when, .*does not parse/,
    };
    for (const [steps, message] of Object.entries(wrong)) {
      await writePipeline(root, 'meals', steps);
      await assert.rejects(load('meals'), { reason: 'MODEL_INVALID', message }, steps);
      assert.deepEqual(models('meals'), ['red-gate 1', 'scorer 1']);
    }
    await writePipeline(root, 'scorer2', '  - { model: scorer }\n');
    await rm(join(root, 'meals'), { recursive: true });
    await assert.rejects(load('meals'), { reason: 'MODEL_INVALID' });
    assert.ok(index().includes('meals 1 READY') && index().includes('scorer2 1 UNAVAILABLE'));
  });

  it('goes on with the new version of a step, unless it could not', async (test) => {
    const { root, registry, load, models } = await open(test);
    const before = registry.chain('meals');
    await load('red-gate');
    const after = registry.chain('meals');
    assert.ok(before !== after && before.links[1]!.model === after.links[1]!.model);
    assert.equal(registry.chain('scorer'), registry.chain('scorer'));
    await writeTinyGate(root, 'red-gate', { names: ['Blue', 'Grey'], first: { always: 0, red: 1 } });
    await assert.rejects(load('red-gate'), {
      reason: 'MODEL_INVALID',
      message: /pipeline\.yaml: step 2: when, .*gate\.labels has no "Red"/,
    });
    assert.equal(registry.chain('meals'), after);
    assert.deepEqual(models('meals'), ['red-gate 1', 'scorer 1']);
  });

  it('may not have the name of a model, nor a model that of a pipeline', async (test) => {
    const { root, registry, load } = await open(test);
    const taken = { reason: 'MODEL_INVALID', message: /is the name of a (model|pipeline) already/ };
    const other = await writePipeline(temporaryFolder(test), 'scorer', '  - { name: one, model: red-gate }\n');
    assert.throws(() => registry.servePipeline(other), taken);
    const model = await writeTinyGate(temporaryFolder(test), 'meals', {
      names: ['A', 'B'],
      first: { always: 1, red: 0 },
    });
    await assert.rejects(registry.load({ folder: model, instances: 1, log: silentLog }), taken);
    await load('meals');
    assert.equal(registry.list().length, 2, root);
  });

  it('whose model is not there keeps the server from starting', async (test) => {
    const root = temporaryFolder(test);
    const [pipeline = '', gate = ''] = await redMeals(root);
    const registry = new ModelRegistry([pipeline, gate].map((folder) => ({ folder, instances: 1, log: silentLog })));
    test.after(() => registry.stop());
    await assert.rejects(registry.start(), { reason: 'MODEL_INVALID', message: /step 2: scorer is not loaded/ });
  });
});

describe('the inference protocol', () => {
  it('lists pipelines, and says what to ask instead', async (test) => {
    const root = temporaryFolder(test);
    const fish = await toyModel(root, 'fish', ['1']);
    const meals = await writePipeline(root, 'meals', '  - { model: fish }\n');
    const { client } = await openInference(test, { folders: [fish, meals], root, source: { entry: toyEntry } });
    const { models } = await client.repositoryIndex({});
    assert.deepEqual(
      models.map(({ name, version, state }) => [name, version, state]),
      [
        ['fish', '1', 'READY'],
        ['meals', '1', 'READY'],
      ],
    );
    const refused = {
      reason: 'INVALID_REQUEST',
      message: /'meals' is a pipeline .*one by one \('fish'\), .*ScoringService\.Score/,
    };
    await assert.rejects(client.modelInfer(pixels([new Uint8Array(12)], { modelName: 'meals' })), refused);
    await assert.rejects(client.modelConfig({ name: 'meals' }), refused);
    await assert.rejects(client.modelMetadata({ name: 'meals' }), refused);
    assert.equal((await client.modelReady({ name: 'meals' })).ready, false);
    await client.repositoryModelUnload({ modelName: 'meals' });
    await client.repositoryModelUnload({ modelName: 'fish' });
  });
});
