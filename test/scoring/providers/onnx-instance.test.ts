import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { LoadedModel } from '../../../src/scoring/models/loaded-model.ts';
import { type ModelManifest, readManifest } from '../../../src/scoring/models/manifest.ts';
import { OnnxInstance, type OnnxInstanceOptions } from '../../../src/scoring/providers/onnx-instance.ts';
import { foodFolder } from '../models/model-folder.ts';
import { keptLog } from '../models/toy-model.ts';
import { type FoodOutputs, testImage } from './food-outputs.ts';
import { runFood } from './run-food.ts';

const manifest = readManifest(foodFolder);

async function options(change: Partial<OnnxInstanceOptions> = {}): Promise<OnnxInstanceOptions> {
  return {
    name: 'food-1-0',
    manifest,
    weights: await readFile(manifest.file),
    provider: 'cpu',
    maxImages: () => 3,
    runTimeoutMillis: 10_000,
    startTimeoutMillis: 60_000,
    log: keptLog().log,
    onLost: () => assert.fail('no thread was to be lost'),
    ...change,
  };
}

describe('the shipped model in a thread', () => {
  let instance: OnnxInstance;
  before(async () => {
    instance = await OnnxInstance.start(await options());
  });
  after(() => instance.stop());

  it('measured what it costs while warming up', () => {
    assert.deepEqual([instance.provider, instance.maxImages, instance.batches, instance.images], ['cpu', 3, 0, 0]);
    const { perImageMillis, perBatchMillis } = instance.cost;
    assert.ok(perImageMillis > 0.5 && perImageMillis + perBatchMillis < 5_000);
  });

  it('answers probabilities, an embedding of length 1 and the energy', async () => {
    const [output] = await instance.run([{ pixels: testImage(1) }]);
    const { labels, food, embedding, energy } = output!;
    assert.deepEqual([labels.length, embedding.length], [116, 256]);
    assert.ok(Math.abs(labels.reduce((sum, value) => sum + value, 0) - 1) < 1e-4);
    assert.ok(Math.abs(embedding.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-4);
    assert.ok(Math.abs(food - (1 - labels[115]!)) < 1e-4);
    assert.ok(Number.isFinite(energy));
  });

  it('answers each image of a batch as if it were alone, whatever ran before', async () => {
    const inputs = [1, 2, 3].map((seed) => ({ pixels: testImage(seed) }));
    const together = await instance.run(inputs);
    await instance.run([{ pixels: testImage(9) }]);
    for (const [index, input] of inputs.entries()) {
      const [alone] = await instance.run([input]);
      for (const key of ['labels', 'embedding'] as const) {
        const difference = alone![key].map((value, at) => Math.abs(value - together[index]![key][at]!));
        assert.ok(Math.max(...difference) < 1e-4);
      }
    }
    assert.notDeepEqual(together[0]!.embedding, together[1]!.embedding);
    assert.deepEqual(inputs[0], { pixels: testImage(1) });
  });

  it('counts what it answered', async () => {
    const { batches, images } = instance;
    await instance.run([{ pixels: testImage(1) }, { pixels: testImage(2) }]);
    assert.deepEqual([instance.batches, instance.images], [batches + 1, images + 2]);
  });

  it('does not hold up the thread that waits for it', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await instance.run([1, 2, 3].map((seed) => ({ pixels: testImage(seed) })));
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });
});

describe('weights that do not fit', () => {
  const refused = async (change: Partial<OnnxInstanceOptions>, message: RegExp) => {
    await assert.rejects(OnnxInstance.start(await options(change)), { reason: 'MODEL_INVALID', message });
  };
  const withOutputs = (outputs: ModelManifest['outputs']): ModelManifest => ({ ...manifest, outputs });

  it('are refused, with what is wrong', async () => {
    await refused({ weights: Buffer.from('no model') }, /ONNX Runtime can't load it: /);
    await refused(
      { manifest: withOutputs([{ name: 'labels', length: 115 }]) },
      /output labels is float32 \[n, 116\]; model\.yaml says float32 \[n, 115\]/,
    );
    await refused({ manifest: { ...manifest, input: { ...manifest.input, name: 'photo' } } }, /no input photo/);
    await refused(
      { manifest: { ...manifest, input: { ...manifest.input, size: 192 } } },
      /input image is uint8 \[n, 224, 224, 3\]; model\.yaml says uint8 \[n, 192, 192, 3\]/,
    );
  });
});

describe('a process with a model', () => {
  it('falls back loudly where there is no GPU, and ONNX Runtime itself prints nothing', async () => {
    const { code, stdout, stderr } = await runFood(['cuda', '2']);
    assert.deepEqual([code, stderr], [0, '']);
    const { provider, warnings, outputs } = JSON.parse(stdout) as FoodOutputs;
    assert.equal(outputs.length, 2);
    assert.equal(warnings.length, provider === 'cuda' ? 0 : 1);
  });

  it('may end in the middle of a run', async () => {
    const { code, signal, stderr } = await runFood(['cpu', '20', 'exit']);
    assert.deepEqual({ code, signal, stderr }, { code: 3, signal: null, stderr: '' });
  });

  it('stops its models in the middle of a run', async () => {
    const model = await LoadedModel.start(manifest, { instances: 2, log: keptLog().log });
    const runs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((seed) =>
      model.infer(testImage(seed), { deadlineMillis: Number.POSITIVE_INFINITY }),
    );
    const settled = Promise.allSettled(runs);
    await model.stop();
    const reasons = (await settled).map((run) => (run.status === 'fulfilled' ? 'answered' : run.reason.reason));
    assert.deepEqual(new Set(reasons), new Set(['answered', 'SHUTTING_DOWN']));
  });
});
