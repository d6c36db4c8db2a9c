import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ModelRepositoryParameterSchema } from '../../../gen/grpc_service_pb.ts';
import { temporaryFolder, toyModel } from '../models/model-folder.ts';
import { toyImage } from '../models/toy-model.ts';
import { numbers, openInference, pixels } from './open-inference.ts';

/** Two models in a repository, of which `fish` is served from the start; its weights say which version they are. */
async function open(test: TestContext) {
  const root = temporaryFolder(test);
  const fish = await toyModel(root, 'fish', ['1', '2', '3']);
  await toyModel(root, 'bread', ['1']);
  for (const version of ['1', '2', '3']) await says(fish, version, Number(version));
  return { fish, root, ...(await openInference(test, { folders: [fish], root })) };
}

function says(folder: string, version: string, value: number): Promise<void> {
  return writeFile(join(folder, version, 'model.onnx'), `says ${value}`);
}

/** Edits a line of `model.yaml`. */
async function edit(folder: string, key: string, value: string): Promise<void> {
  const file = join(folder, 'model.yaml');
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !line.startsWith(`${key}:`));
  await writeFile(file, [`${key}: ${value}`, ...lines].join('\n'));
}

const config = (json: object) => ({
  config: create(ModelRepositoryParameterSchema, {
    parameterChoice: { case: 'stringParam', value: JSON.stringify(json) },
  }),
});

describe('the model repository', () => {
  it('lists what is there and what is served', async (test) => {
    const { client } = await open(test);
    const { models } = await client.repositoryIndex({});
    assert.deepEqual(
      models.map(({ name, version, state, reason }) => [name, version, state, reason]),
      [
        ['bread', '1', 'UNAVAILABLE', 'unloaded'],
        ['fish', '1', 'READY', ''],
        ['fish', '2', 'UNAVAILABLE', 'unloaded'],
        ['fish', '3', 'UNAVAILABLE', 'unloaded'],
      ],
    );
    assert.equal((await client.repositoryIndex({ ready: true })).models.length, 1);
    await assert.rejects(client.repositoryIndex({ repositoryName: 'other' }), { reason: 'INVALID_REQUEST' });
  });

  it('loads and unloads a model that was not served', async (test) => {
    const { client } = await open(test);
    await client.repositoryModelLoad({ modelName: 'bread' });
    const request = pixels([toyImage(6, 7)], { modelName: 'bread' });
    assert.deepEqual(numbers(await client.modelInfer(request), 'labels'), [6, 7]);
    await client.repositoryModelUnload({ modelName: 'bread' });
    await assert.rejects(client.modelInfer(request), { reason: 'MODEL_UNKNOWN' });
    await client.repositoryModelUnload({ modelName: 'bread' });
    for (const modelName of ['meat', '', '../fish']) {
      await assert.rejects(client.repositoryModelLoad({ modelName }), { reason: 'MODEL_UNKNOWN' });
      await assert.rejects(client.repositoryModelUnload({ modelName }), { reason: 'MODEL_UNKNOWN' });
    }
  });

  it('serves several versions; the one that model.yaml names answers by default, and changes with it', async (test) => {
    const { client, fish } = await open(test);
    const version = async (modelVersion = '') => {
      const answer = await client.modelInfer(pixels([toyImage(1)], { modelVersion }));
      assert.equal(numbers(answer, 'labels')[1], Number(answer.modelVersion));
      return answer.modelVersion;
    };
    await edit(fish, 'versions', '[1, 3]');
    await client.repositoryModelLoad({ modelName: 'fish' });
    assert.deepEqual([await version(), await version('3'), await version('1')], ['1', '3', '1']);
    assert.deepEqual((await client.modelMetadata({ name: 'fish' })).versions, ['1', '3']);
    await edit(fish, 'version', '3');
    await client.repositoryModelLoad({ modelName: 'fish' });
    assert.deepEqual([await version(), await version('1')], ['3', '1']);
    await edit(fish, 'versions', '[3]');
    await client.repositoryModelLoad({ modelName: 'fish' });
    await assert.rejects(version('1'), { reason: 'MODEL_UNKNOWN' });
    assert.equal(await version(), '3');
  });

  it('a request may choose the versions by Triton’s version policy, and nothing else', async (test) => {
    const { client } = await open(test);
    const load = (json: object) => client.repositoryModelLoad({ modelName: 'fish', parameters: config(json) });
    const versions = async () => (await client.modelMetadata({ name: 'fish' })).versions;
    await load({ name: 'fish', version_policy: { all: {} } });
    assert.deepEqual(await versions(), ['1', '2', '3']);
    await load({ versionPolicy: { latest: { numVersions: 2 } } });
    assert.deepEqual(await versions(), ['2', '3']);
    await load({ versionPolicy: { specific: { versions: [2] } } });
    assert.deepEqual(await versions(), ['2']);
    await assert.rejects(load({ max_batch_size: 3 }), {
      reason: 'INVALID_REQUEST',
      message: /'maxBatchSize' can't be given/,
    });
    await assert.rejects(load({ nonsense: 3 }), {
      reason: 'INVALID_REQUEST',
      message: /is not the JSON of a ModelConfig/,
    });
    const parameters = { 'file:1/model.onnx': create(ModelRepositoryParameterSchema, {}) };
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish', parameters }), { reason: 'INVALID_REQUEST' });
    assert.deepEqual(await versions(), ['2']);
  });

  it('what does not load takes the place of nothing, and the index says why', async (test) => {
    const { client, fish } = await open(test);
    const works = async () => {
      const answer = await client.modelInfer(pixels([toyImage(1)]));
      assert.deepEqual([answer.modelVersion, numbers(answer, 'labels')[1]], ['1', 1]);
    };
    await edit(fish, 'versions', '[1, 2]');
    const refused = { reason: 'MODEL_INVALID', message: /^load failed for model 'fish': / };
    await writeFile(join(fish, '2', 'model.onnx'), 'broken');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), refused);
    await works();
    await writeFile(join(fish, '2', 'model.onnx'), 'fails');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), { reason: /MODEL_INVALID|INTERNAL/ });
    await works();
    await writeFile(join(fish, '2', 'model.onnx'), 'broken');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), refused);
    const { models } = await client.repositoryIndex({});
    assert.match(models.find(({ version }) => version === '2')!.reason, /has no input image/);
    await rm(join(fish, '2'), { recursive: true });
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), refused);
    await edit(fish, 'versions', 'most');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), refused);
    await edit(fish, 'name', 'bird');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), { reason: /MODEL_(INVALID|UNKNOWN)/ });
    await works();
  });

  it('a caller that leaves while a model loads changes nothing', async (test) => {
    const { client, models } = await open(test);
    const before = models.get('fish');
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }, { timeoutMillis: 5 }), {
      reason: 'DEADLINE_EXCEEDED',
    });
    await client.repositoryModelLoad({ modelName: 'bread' });
    assert.equal(models.get('fish'), before);
  });

  it('too many changes at a time are refused; the others are made one after the other', async (test) => {
    const { client } = await open(test);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => client.repositoryModelUnload({ modelName: 'bread' })),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 16);
  });

  it('where the server says so, nothing can be changed', async (test) => {
    const fish = await toyModel(temporaryFolder(test), 'fish', ['1']);
    const { client } = await openInference(test, { folders: [fish], mayChange: false });
    const fixed = { reason: 'MODELS_FIXED', code: 'PERMISSION_DENIED' };
    await assert.rejects(client.repositoryModelLoad({ modelName: 'fish' }), fixed);
    await assert.rejects(client.repositoryModelUnload({ modelName: 'fish' }), fixed);
    assert.equal((await client.repositoryIndex({})).models.length, 1);
  });
});
