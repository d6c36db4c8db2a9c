import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LoadedModel } from '../../../src/scoring/models/loaded-model.ts';
import { type ModelManifest, readManifest } from '../../../src/scoring/models/manifest.ts';
import type { ModelOptions } from '../../../src/scoring/models/model-options.ts';
import { temporaryFolder, toyModel } from './model-folder.ts';
import { keptLog, toyEntry, toyImage } from './toy-model.ts';
import { orders } from './toy-orders.ts';

const never = { deadlineMillis: Number.POSITIVE_INFINITY };

type Change = (manifest: ModelManifest) => ModelManifest;

/** A toy model that runs, and its log. */
async function started(
  test: TestContext,
  options: Partial<ModelOptions> = {},
  change: Change = (manifest) => manifest,
) {
  const manifest = change(readManifest(await toyModel(temporaryFolder(test), 'toy', ['1'])));
  const kept = keptLog();
  const model = await LoadedModel.start(manifest, { entry: toyEntry, instances: 1, log: kept.log, ...options });
  test.after(() => model.stop());
  return { model, manifest, ...kept };
}

describe('LoadedModel', () => {
  it('tells what it is, and answers images in batches', async (test) => {
    const { model, manifest, lines } = await started(test, { instances: 2, maxBatchImages: 3 });
    assert.deepEqual([model.name, model.version, model.provider, model.maxBatchImages], ['toy', '1', 'cpu', 3]);
    assert.deepEqual([model.inputSize, model.embeddingLength, model.foodThreshold], [2, 0, 0.5]);
    assert.equal(
      model.sha256,
      createHash('sha256')
        .update(await readFile(manifest.file))
        .digest('hex'),
    );
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((value) => model.infer(toyImage(value, 99), never)));
    assert.deepEqual(
      answers.map(({ output }) => [...output.labels]),
      [1, 2, 3, 4, 5, 6, 7].map((value) => [value, 99]),
    );
    const { food, embedding, energy } = answers[0]!.output;
    assert.deepEqual([food, embedding.length, energy], [1, 0, Number.NaN]);
    assert.ok(answers.some(({ batchImages }) => batchImages > 1));
    assert.deepEqual(new Set(answers.map(({ worker }) => worker)), new Set(['toy-1-0', 'toy-1-1']));
    assert.equal(
      model.instances.reduce((sum, { images }) => sum + images, 0),
      7,
    );
    assert.ok(model.instances.every(({ perImageMillis, perBatchMillis }) => perImageMillis + perBatchMillis > 0));
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [['info', 'a model is loaded']],
    );
  });

  it('refuses pixels of another size, and what its caller gave up', async (test) => {
    const { model } = await started(test);
    await assert.rejects(model.infer(new Uint8Array(11), never), {
      reason: 'INVALID_REQUEST',
      message: /has 12 bytes, not 11/,
    });
    const reason = new Error('gone');
    await assert.rejects(model.infer(toyImage(1), { ...never, signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(model.infer(toyImage(1), { deadlineMillis: 5 }), { reason: 'DEADLINE_EXCEEDED' });
  });

  it('says loudly that it runs on another provider than it was asked for', async (test) => {
    const { model, lines } = await started(test, { provider: 'webgpu', instances: 2 });
    assert.deepEqual([model.requestedProvider, model.provider, model.maxBatchImages], ['webgpu', 'cpu', 4]);
    const warnings = lines.filter(({ level }) => level === 'warn');
    assert.equal(warnings.length, 1);
    assert.deepEqual(warnings[0]?.fields, {
      instance: 'toy-1-0',
      requestedProvider: 'webgpu',
      provider: 'cpu',
      cause: 'no webgpu here',
    });
  });

  it('a weight file that is missing or broken stops the start, and is named', async (test) => {
    const folder = await toyModel(temporaryFolder(test), 'toy', ['1']);
    const manifest = readManifest(folder);
    const options = { entry: toyEntry, log: keptLog().log };
    await writeFile(manifest.file, 'broken');
    const named = new RegExp(`${manifest.file}: the graph has no input image`);
    await assert.rejects(LoadedModel.start(manifest, options), { reason: 'MODEL_INVALID', message: named });
    await rm(manifest.file);
    await assert.rejects(LoadedModel.start(manifest, options), {
      reason: 'MODEL_INVALID',
      message: /model\.onnx: ENOENT/,
    });
  });

  it('a start that nobody waits for any more is given up', async (test) => {
    const manifest = readManifest(await toyModel(temporaryFolder(test), 'toy', ['1']));
    const reason = new Error('stop');
    const options = { entry: toyEntry, log: keptLog().log };
    await assert.rejects(LoadedModel.start(manifest, options, AbortSignal.abort(reason)), reason);
  });
});

describe('a thread that is lost', () => {
  it('is replaced, and its batch is run once more', async (test) => {
    const marker = join(temporaryFolder(test), 'die');
    const { model, lines } = await started(test, {}, (manifest) => ({
      ...manifest,
      input: { ...manifest.input, name: marker },
    }));
    await writeFile(marker, '');
    await model.infer(toyImage(1), never);
    const { output } = await model.infer(toyImage(orders.exitOnce, 5), never);
    assert.deepEqual([...output.labels], [orders.exitOnce, 5]);
    assert.ok(!existsSync(marker));
    assert.equal(model.instances[0]?.images, 2);
    const errors = lines.filter(({ level, message }) => level === 'error' && /will be replaced/.test(message));
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]?.fields['error']), /model instance toy-1-0 died/);
  });

  it('fails a batch that two threads died of, and goes on with the next', async (test) => {
    const { model, until } = await started(test);
    await assert.rejects(model.infer(toyImage(orders.exit), never), { reason: 'WORKER_LOST' });
    await until(/was replaced/, 2);
    assert.deepEqual([...(await model.infer(toyImage(3), never)).output.labels], [3, 0]);
  });

  it('is lost when it does not answer in time', async (test) => {
    const { model, lines, until } = await started(test, { runTimeoutMillis: 60 });
    await assert.rejects(model.infer(toyImage(orders.hang), never), { reason: 'WORKER_LOST', message: /within 60 ms/ });
    await until(/was replaced/, 2);
    assert.equal(lines.filter(({ message }) => /will be replaced/.test(message)).length, 2);
    await model.infer(toyImage(1), never);
  });

  it('is tried again until it starts; meanwhile an image waits as long as it has time', async (test) => {
    const obstacle = join(temporaryFolder(test), 'obstacle');
    const { model, until } = await started(test, {}, (manifest) => {
      writeFileSync(manifest.file, obstacle);
      return manifest;
    });
    await writeFile(obstacle, '');
    const lost = model.infer(toyImage(orders.exit), { deadlineMillis: Date.now() + 250 });
    await assert.rejects(lost, { reason: 'DEADLINE_EXCEEDED' });
    await until(/does not start/, 2);
    const patient = model.infer(toyImage(1), never);
    await rm(obstacle);
    assert.deepEqual([...(await patient).output.labels], [1, 0]);
  });

  it('does not come for a batch that merely fails', async (test) => {
    const { model, lines } = await started(test);
    await assert.rejects(model.infer(toyImage(orders.fail), never), {
      reason: 'INTERNAL',
      message: 'a tensor is missing',
    });
    await model.infer(toyImage(1), never);
    assert.ok(lines.every(({ level }) => level !== 'error'));
  });
});

describe('the end of a model', () => {
  it('answers what runs, refuses what waits and what comes', async (test) => {
    const { model } = await started(test, { maxBatchImages: 1 });
    const running = model.infer(toyImage(1), never);
    const waiting = assert.rejects(model.infer(toyImage(2), never), { reason: 'SHUTTING_DOWN' });
    await model.stop();
    assert.deepEqual([...(await running).output.labels], [1, 0]);
    await waiting;
    await assert.rejects(model.infer(toyImage(3), never), { reason: 'SHUTTING_DOWN' });
  });

  it('drain waits for whoever holds it, though nothing runs', async (test) => {
    const { model } = await started(test, {});
    const [first, second] = [model.hold(), model.hold()];
    let isDrained = false;
    const drained = model.drain(new AbortController().signal).then(() => {
      isDrained = true;
    });
    first();
    first();
    await model.infer(toyImage(1), never);
    assert.equal(isDrained, false);
    second();
    await drained;
  });

  it('drain waits for all there is, or for its signal', async (test) => {
    const { model } = await started(test, { maxBatchImages: 1, runTimeoutMillis: 300 });
    const answers = [1, 2, 3].map((value) => model.infer(toyImage(value), never));
    let answered = 0;
    for (const answer of answers) void answer.then(() => answered++);
    await model.drain(new AbortController().signal);
    assert.equal(answered, 3);
    const stuck = assert.rejects(model.infer(toyImage(orders.hang), never));
    await model.drain(AbortSignal.timeout(20));
    await model.stop();
    await stuck;
  });
});
