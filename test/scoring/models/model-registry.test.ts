import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ModelRegistry, type ModelSource } from '../../../src/scoring/models/model-registry.ts';
import { temporaryFolder, toyModel } from './model-folder.ts';
import { keptLog, toyEntry, toyImage } from './toy-model.ts';

const never = { deadlineMillis: Number.POSITIVE_INFINITY };

async function sources(test: TestContext): Promise<(name: string, version?: string) => ModelSource> {
  const folder = temporaryFolder(test);
  const folders = new Map([
    ['fish', await toyModel(folder, 'fish', ['2', '9', '10'])],
    ['bread', await toyModel(folder, 'bread', ['1'])],
  ]);
  const { log } = keptLog();
  return (name, version) => {
    const source = { folder: folders.get(name)!, entry: toyEntry, instances: 1, log };
    return version === undefined ? source : { ...source, version };
  };
}

describe('ModelRegistry', () => {
  it('loads its sources, and finds them by name and version', async (test) => {
    const source = await sources(test);
    const registry = new ModelRegistry([source('fish', '9'), source('bread'), source('fish', '10'), source('fish')]);
    await registry.start();
    test.after(() => registry.stop());
    assert.deepEqual(
      registry.list().map(({ model, isDefault }) => [model.name, model.version, isDefault]),
      [
        ['bread', '1', true],
        ['fish', '2', true],
        ['fish', '9', false],
        ['fish', '10', false],
      ],
    );
    const found = (name?: string, version?: string) => {
      const model = registry.get(name, version);
      return `${model.name} ${model.version}`;
    };
    assert.deepEqual(
      [found(), found('', '2'), found('bread'), found('fish', '9')],
      ['fish 2', 'fish 2', 'bread 1', 'fish 9'],
    );
    const unknown = { reason: 'MODEL_UNKNOWN', code: 'NOT_FOUND' };
    assert.throws(() => registry.get('fish', '3'), {
      ...unknown,
      message: 'fish 3 is not loaded; loaded: bread 1, fish 2, fish 9, fish 10',
    });
    assert.throws(() => registry.get('meat'), unknown);
  });

  it('loads and unloads while it serves: what was taken is answered', async (test) => {
    const source = await sources(test);
    const registry = new ModelRegistry([source('fish', '9')]);
    await registry.start();
    test.after(() => registry.stop());
    const old = registry.get();
    await registry.load(source('fish', '10'));
    assert.equal(registry.get().version, '10');
    const answers = [1, 2, 3, 4, 5, 6].map((value) => old.infer(toyImage(value), never));
    await registry.unload('fish', '9');
    assert.equal((await Promise.all(answers)).length, 6);
    await assert.rejects(old.infer(toyImage(7), never), { reason: 'SHUTTING_DOWN' });
    assert.deepEqual(registry.list().length, 1);
    await assert.rejects(registry.unload('fish', '9'), { reason: 'MODEL_UNKNOWN' });
  });

  it('the same version again takes the place of the one that was there', async (test) => {
    const source = await sources(test);
    const registry = new ModelRegistry([source('bread')]);
    await registry.start();
    test.after(() => registry.stop());
    const old = registry.get();
    const fresh = await registry.load(source('bread'));
    assert.equal(registry.list().length, 1);
    assert.equal(registry.get('bread', '1'), fresh);
    await assert.rejects(old.infer(toyImage(7), never), { reason: 'SHUTTING_DOWN' });
  });

  it('without models it says so', () => {
    const registry = new ModelRegistry([]);
    assert.throws(() => registry.get(), { reason: 'MODEL_UNKNOWN', message: 'a model is not loaded; loaded: none' });
    assert.deepEqual(registry.list(), []);
  });
});
