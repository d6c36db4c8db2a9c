import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { DataType, ModelInput_Format } from '../../../gen/model_config_pb.ts';
import { temporaryFolder, toyModel } from '../models/model-folder.ts';
import { toyImage } from '../models/toy-model.ts';
import { orders } from '../models/toy-orders.ts';
import { GRPCInferenceService, numbers, openInference, pixels, type Request } from './open-inference.ts';

const scope = { after };
const folder = await toyModel(temporaryFolder(scope), 'fish', ['1', '2']);
const { client, service, hidden } = await openInference(scope, { folders: [folder] });

async function* from(...requests: readonly Request[]) {
  yield* requests;
}

describe('what the service says of itself and its models', () => {
  it('lives, is ready, and names what it has of Triton’s extensions', async () => {
    assert.equal((await client.serverLive({})).live, true);
    assert.equal((await client.serverReady({})).ready, true);
    const { name, version, extensions } = await client.serverMetadata({});
    assert.deepEqual([name, version], ['palate', '1.2.3']);
    assert.ok(extensions.includes('statistics') && extensions.includes('model_repository'));
    assert.ok(!extensions.some((extension) => extension.includes('memory')));
  });

  it('knows which models are ready', async () => {
    const ready = async (name: string, version = '') => (await client.modelReady({ name, version })).ready;
    assert.deepEqual(
      [await ready('fish'), await ready('fish', '1'), await ready('fish', '2'), await ready('meat')],
      [true, true, false, false],
    );
  });

  it('describes a model', async () => {
    const { name, versions, platform, inputs, outputs } = await client.modelMetadata({ name: 'fish' });
    assert.deepEqual([name, versions, platform], ['fish', ['1'], 'onnxruntime_onnx']);
    const plain = (tensors: typeof inputs) => tensors.map(({ name, datatype, shape }) => [name, datatype, shape]);
    assert.deepEqual(plain(inputs), [['image', 'UINT8', [-1n, 2n, 2n, 3n]]]);
    assert.deepEqual(plain(outputs), [['labels', 'FP32', [-1n, 2n]]]);
    await assert.rejects(client.modelMetadata({ name: 'meat' }), { reason: 'MODEL_UNKNOWN' });
  });

  it('gives the configuration that perf_analyzer needs', async () => {
    const { config } = await client.modelConfig({ name: 'fish' });
    assert.equal(config?.maxBatchSize, 16);
    assert.deepEqual(
      config.input.map(({ name, dataType, format, dims }) => [name, dataType, format, dims]),
      [['image', DataType.TYPE_UINT8, ModelInput_Format.NHWC, [2n, 2n, 3n]]],
    );
    assert.deepEqual(
      config.output.map(({ name, dataType, dims }) => [name, dataType, dims]),
      [['labels', DataType.TYPE_FP32, [2n]]],
    );
    assert.equal(config.schedulingChoice.case, 'dynamicBatching');
    assert.equal(config.modelTransactionPolicy?.decoupled, false);
    await assert.rejects(client.modelConfig({ name: 'fish', version: '7' }), { reason: 'MODEL_UNKNOWN' });
  });

  it('counts requests, images and batches, and where their time went', async () => {
    const stats = async () => (await client.modelStatistics({ name: 'fish', version: '1' })).modelStats[0]!;
    const earlier = await stats();
    for (const count of [1, 4]) await client.modelInfer(pixels(Array.from({ length: count }, () => toyImage(1))));
    await client.modelInfer(pixels([toyImage(orders.fail)])).catch(() => undefined);
    await client.modelInfer(pixels([])).catch(() => undefined);
    const { inferenceCount, executionCount, inferenceStats, batchStats, lastInference } = await stats();
    assert.equal(inferenceCount - earlier.inferenceCount, 5n);
    assert.equal(executionCount - earlier.executionCount, 2n);
    assert.equal(inferenceStats!.success!.count - earlier.inferenceStats!.success!.count, 2n);
    assert.equal(inferenceStats!.fail!.count - earlier.inferenceStats!.fail!.count, 2n);
    for (const part of ['success', 'queue', 'computeInput', 'computeInfer', 'computeOutput'] as const) {
      assert.equal(inferenceStats![part]!.count, inferenceStats!.success!.count, part);
    }
    const { success, queue, computeInfer, computeInput, computeOutput } = inferenceStats!;
    assert.ok(queue!.ns + computeInfer!.ns + computeInput!.ns + computeOutput!.ns <= success!.ns);
    assert.ok(computeInfer!.ns > 0n);
    assert.deepEqual(
      batchStats.map(({ batchSize, computeInfer: { count } = {} }) => [batchSize, count]),
      [
        [1n, 1n],
        [4n, 1n],
      ],
    );
    assert.ok(Math.abs(Number(lastInference) - Date.now()) < 10_000);
    assert.equal((await client.modelStatistics({})).modelStats.length, 1);
    await assert.rejects(client.modelStatistics({ name: 'meat' }), { reason: 'MODEL_UNKNOWN' });
  });

  it('says of the rest that it is not there, and what to do instead', async () => {
    const absent = service.methods.filter(({ method }) => /SharedMemory|Setting/.test(method.name));
    assert.equal(absent.length, 8);
    for (const { method } of absent) {
      const call = client[method.localName as 'systemSharedMemoryStatus'];
      await assert.rejects(call({}), { reason: 'NOT_IMPLEMENTED', message: /not supported|not changed/ });
    }
    assert.equal(service.methods.filter(({ handler }) => handler === undefined).length, 0);
    assert.equal(service.service, GRPCInferenceService);
  });
});

describe('ModelStreamInfer', () => {
  it('answers each request in order, also those that fail, and goes on', async () => {
    const requests = [
      pixels([toyImage(1, 2)], { id: 'a' }),
      pixels([toyImage(3)], { id: 'b', modelName: 'meat' }),
      pixels([], { id: 'c' }),
      pixels([toyImage(4, 5), toyImage(6, 7)], { id: 'd' }),
    ];
    const answers = await Array.fromAsync(client.modelStreamInfer(from(...requests)));
    assert.deepEqual(
      answers.map(({ inferResponse }) => inferResponse?.id),
      ['a', 'b', 'c', 'd'],
    );
    assert.deepEqual(
      answers.map(({ errorMessage }) => errorMessage === ''),
      [true, false, false, true],
    );
    assert.match(answers[1]!.errorMessage, /^Request for unknown model: 'meat' is not found/);
    assert.equal(answers[1]!.inferResponse!.parameters['error_reason']!.parameterChoice.value, 'MODEL_UNKNOWN');
    assert.match(answers[2]!.errorMessage, /^unexpected shape for input 'image'/);
    assert.deepEqual(numbers(answers[0]!.inferResponse!, 'labels'), [1, 2]);
    assert.deepEqual(numbers(answers[3]!.inferResponse!, 'labels'), [4, 5, 6, 7]);
    for (const { inferResponse } of answers) {
      assert.equal(inferResponse!.parameters['triton_final_response']!.parameterChoice.value, true);
    }
  });

  it('hides what is the server’s own fault, and tells the log', async () => {
    const [answer] = await Array.fromAsync(client.modelStreamInfer(from(pixels([toyImage(orders.fail)]))));
    assert.equal(answer?.errorMessage, 'internal error');
    assert.equal(hidden.length, 1);
  });

  it('ends with the status of the first failure where the caller asks for that', async () => {
    const requests = from(pixels([toyImage(1, 2)]), pixels([toyImage(3)], { modelName: 'meat' }));
    const answers = client.modelStreamInfer(requests, { metadata: { triton_grpc_error: 'true' } });
    const iterator = answers[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value.errorMessage, '');
    await assert.rejects(iterator.next(), { reason: 'MODEL_UNKNOWN', code: 'NOT_FOUND' });
  });
});
