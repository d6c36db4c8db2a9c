import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import { isPalateError } from '../../../src/errors.ts';
import { sharp } from '../../../src/scoring/decoding/image-library.ts';
import { writeBytesTensor } from '../../../src/scoring/inference/bytes-tensor.ts';
import { temporaryFolder, toyModel } from '../models/model-folder.ts';
import { toyImage } from '../models/toy-model.ts';
import { orders } from '../models/toy-orders.ts';
import { int, numbers, openInference, pixels, type Request, text } from './open-inference.ts';

const rgb = [200, 40, 10] as const;

function file(colour: readonly [number, number, number], format: 'jpeg' | 'png' = 'png'): Promise<Buffer> {
  const [r, g, b] = colour;
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } })
    .toFormat(format)
    .toBuffer();
}

function files(elements: readonly Uint8Array[], more: Partial<Request> = {}): Request {
  return {
    modelName: 'fish',
    inputs: [{ name: 'image', datatype: 'BYTES', shape: [BigInt(elements.length)] }],
    rawInputContents: [writeBytesTensor(elements)],
    ...more,
  };
}

const scope = { after };
const folder = await toyModel(temporaryFolder(scope), 'fish', ['1', '2']);
const open = await openInference(scope, { folders: [folder] });

describe('ModelInfer', () => {
  it('answers the model’s own tensor, one image or many, in their order, always raw', async () => {
    for (const count of [1, 2, 3, 4, 5, 16]) {
      const images = Array.from({ length: count }, (_, index) => toyImage(index + 1, 50 + index));
      const answer = await open.client.modelInfer(pixels(images, { id: `n${count}` }));
      assert.deepEqual([answer.modelName, answer.modelVersion, answer.id], ['fish', '1', `n${count}`]);
      assert.deepEqual(
        answer.outputs.map(({ name, datatype, shape, contents }) => [name, datatype, shape, contents]),
        [['labels', 'FP32', [BigInt(count), 2n], undefined]],
      );
      assert.deepEqual(
        numbers(answer, 'labels'),
        images.flatMap((image) => [...image.subarray(0, 2)]),
      );
      const said = Object.fromEntries(
        Object.entries(answer.parameters).map(([name, { parameterChoice }]) => [name, Number(parameterChoice.value)]),
      );
      assert.ok(said['batch_size']! >= 1 && said['batch_size']! <= 4);
      assert.ok(said['compute_microseconds']! > 0);
      assert.equal(said['decode_microseconds'], 0);
      assert.ok(said['queue_microseconds']! >= 0);
    }
  });

  it('takes the same as contents', async () => {
    const request = pixels([toyImage(3, 4)], { rawInputContents: [] });
    const inputs = [
      { name: 'image', datatype: 'UINT8', shape: [1n, 2n, 2n, 3n], contents: { uintContents: [...toyImage(3, 4)] } },
    ];
    assert.deepEqual(numbers(await open.client.modelInfer({ ...request, inputs }), 'labels'), [3, 4]);
  });

  it('takes files as BYTES: raw, as contents, of shape [n] and [n, 1], and one file as it is', async () => {
    const elements = [await file(rgb), await file([1, 2, 3]), await file([90, 80, 70], 'jpeg')];
    const near = (found: readonly number[], expected: readonly number[]) => {
      assert.equal(found.length, expected.length);
      for (const [index, value] of found.entries()) assert.ok(Math.abs(value - expected[index]!) <= 3, `${found}`);
    };
    const expected = [200, 40, 1, 2, 90, 80];
    const tensor = { name: 'image', datatype: 'BYTES' };
    const ways: Request[] = [
      files(elements),
      files(elements, { inputs: [{ ...tensor, shape: [3n, 1n] }] }),
      files([], { inputs: [{ ...tensor, shape: [3n], contents: { bytesContents: elements } }], rawInputContents: [] }),
    ];
    for (const way of ways) near(numbers(await open.client.modelInfer(way), 'labels'), expected);
    const alone = files([], { inputs: [{ ...tensor, shape: [1n] }], rawInputContents: [elements[0]!] });
    const answer = await open.client.modelInfer(alone);
    near(numbers(answer, 'labels'), [200, 40]);
    assert.ok(Number(answer.parameters['decode_microseconds']!.parameterChoice.value) > 0);
  });

  it('gives the outputs that are asked for, or their best classes', async () => {
    const outputs = [{ name: 'labels', parameters: { classification: int(5) } }];
    const answer = await open.client.modelInfer(pixels([toyImage(3, 4), toyImage(9, 1)], { outputs }));
    assert.deepEqual(
      answer.outputs.map(({ datatype, shape }) => [datatype, shape]),
      [['BYTES', [2n, 2n]]],
    );
    const strings = ['4.000000:1:Other', '3.000000:0:Apple', '9.000000:0:Apple', '1.000000:1:Other'];
    assert.deepEqual(
      [...answer.rawOutputContents[0]!],
      [...writeBytesTensor(strings.map((string) => Buffer.from(string)))],
    );
  });

  const tensor = { name: 'image', datatype: 'UINT8', shape: [1n, 2n, 2n, 3n] };
  const wrong: readonly [what: string, more: Partial<Request>, message: RegExp, field: RegExp][] = [
    [
      'both raw and contents',
      { inputs: [{ ...tensor, contents: { uintContents: [1] } }] },
      /^contents field must not be/,
      /contents$/,
    ],
    [
      'another shape',
      { inputs: [{ ...tensor, shape: [1n, 3n, 2n, 2n] }] },
      /^unexpected shape for input 'image' .*\[-1,2,2,3\], got \[1,3,2,2\]/,
      /shape$/,
    ],
    ['no images', { inputs: [{ ...tensor, shape: [0n, 2n, 2n, 3n] }] }, /^unexpected shape/, /shape$/],
    ['a negative size', { inputs: [{ ...tensor, shape: [-1n, 2n, 2n, 3n] }] }, /^unexpected shape/, /shape$/],
    ['no shape', { inputs: [{ ...tensor, shape: [] }] }, /^unexpected shape/, /shape$/],
    [
      'more images than may be',
      { inputs: [{ ...tensor, shape: [17n, 2n, 2n, 3n] }] },
      /batch-size must be <= 16 for 'fish'/,
      /shape$/,
    ],
    [
      'too few bytes',
      { inputs: [{ ...tensor, shape: [2n, 2n, 2n, 3n] }] },
      /^unexpected total size .* got 12, expecting 24 bytes/,
      /inputs\[0\]/,
    ],
    [
      'another datatype',
      { inputs: [{ ...tensor, datatype: 'FP32' }] },
      /data-type is 'FP32', but model 'fish' expects 'UINT8'/,
      /datatype$/,
    ],
    [
      'halves as contents',
      { inputs: [{ ...tensor, datatype: 'FP16', contents: { fp32Contents: [1] } }], rawInputContents: [] },
      /FP16 may come as raw_input_contents only/,
      /datatype$/,
    ],
    [
      'values that are no bytes',
      { inputs: [{ ...tensor, contents: { uintContents: [256, ...Array(11).fill(0)] } }], rawInputContents: [] },
      /values above 255/,
      /uint_contents$/,
    ],
    [
      'another input',
      { inputs: [{ ...tensor, name: 'picture' }] },
      /^unexpected inference input 'picture' .* 'image'/,
      /inputs/,
    ],
    ['no input', { inputs: [] }, /^expected 1 inputs but got 0 inputs for model 'fish'/, /inputs/],
    ['an input twice', { inputs: [tensor, tensor] }, /^expected 1 inputs but got 2/, /inputs/],
    [
      'raw contents twice',
      { rawInputContents: [toyImage(1), toyImage(2)] },
      /^expected 1 raw_input_contents but got 2/,
      /raw_input_contents/,
    ],
    [
      'another output',
      { outputs: [{ name: 'taste' }] },
      /^unexpected inference output 'taste' .*; it has labels/,
      /outputs\[0\]\.name/,
    ],
    ['an output twice', { outputs: [{ name: 'labels' }, { name: 'labels' }] }, /requested twice/, /outputs/],
    [
      'shared memory',
      { inputs: [{ ...tensor, parameters: { shared_memory_region: text('r') } }] },
      /^shared memory is not supported/,
      /shared_memory_region/,
    ],
    [
      'a timeout that is no number',
      { parameters: { timeout: text('soon') } },
      /^parameter 'timeout' has an invalid type/,
      /timeout/,
    ],
    [
      'a timeout below 0',
      { parameters: { timeout: int(-1) } },
      /^parameter 'timeout' has an invalid type or value/,
      /timeout/,
    ],
    [
      'bytes that are no elements',
      { inputs: [{ ...tensor, datatype: 'BYTES', shape: [2n] }] },
      /no elements behind their lengths/,
      /inputs/,
    ],
    [
      'fewer elements than the shape says',
      { inputs: [{ ...tensor, datatype: 'BYTES', shape: [2n] }], rawInputContents: [writeBytesTensor([toyImage(1)])] },
      /got 1, expecting 2 elements/,
      /inputs/,
    ],
  ];
  for (const [what, more, message, field] of wrong) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(open.client.modelInfer(pixels([toyImage(1)], more)), (error) => {
        assert.ok(isPalateError(error));
        const { reason, message: said, violations } = error;
        assert.equal(reason, 'INVALID_REQUEST');
        assert.match(said, message);
        assert.match(violations[0]!.field, field);
        return true;
      });
    });
  }

  it('a file that can’t be read fails the request, and is named', async () => {
    const elements = [await file(rgb), Buffer.from('no photo')];
    await assert.rejects(open.client.modelInfer(files(elements)), {
      reason: 'UNREADABLE',
      message: /^input 'image' for model 'fish', element 1: the photo is no JPEG/,
    });
    assert.equal(open.admission.underWay.images, 0);
  });

  it('names a model or version that is not there, in Triton’s words', async () => {
    const unknown = { reason: 'MODEL_UNKNOWN', code: 'NOT_FOUND' };
    await assert.rejects(open.client.modelInfer(pixels([toyImage(1)], { modelName: 'meat' })), {
      ...unknown,
      message: /^Request for unknown model: 'meat' is not found: .*loaded: fish 1$/,
    });
    await assert.rejects(open.client.modelInfer(pixels([toyImage(1)], { modelVersion: '2' })), {
      ...unknown,
      message: /^Request for unknown model: 'fish' version 2 is not found/,
    });
  });

  it('what the model fails with is the request’s failure, and no image of it stays behind', async () => {
    const images = [1, 2, 3, orders.fail, 5, 6].map((value) => toyImage(value));
    await assert.rejects(open.client.modelInfer(pixels(images)), { reason: 'INTERNAL' });
    assert.equal(open.admission.underWay.images, 0);
    assert.deepEqual(numbers(await open.client.modelInfer(pixels([toyImage(8, 9)])), 'labels'), [8, 9]);
  });
});

describe('ModelInfer, on a model that is busy', () => {
  /** A model whose only instance is stuck until its time is up. */
  async function busy(test: TestContext) {
    const folder = await toyModel(temporaryFolder(test), 'fish', ['1']);
    const open = await openInference(test, {
      folders: [folder],
      source: { runTimeoutMillis: 600 },
      maxImages: 6,
    });
    const stuck = open.client.modelInfer(pixels([toyImage(orders.hang)])).catch(() => undefined);
    const model = open.models.get('fish');
    while (open.admission.underWay.images === 0) await Promise.resolve();
    return { ...open, stuck, model };
  }

  it('`timeout` ends what waits, and can only shorten the call’s own', async (test) => {
    const { client, model, stuck, admission } = await busy(test);
    const begun = performance.now();
    await assert.rejects(client.modelInfer(pixels([toyImage(1)], { parameters: { timeout: int(50_000) } })), {
      reason: 'DEADLINE_EXCEEDED',
    });
    await assert.rejects(
      client.modelInfer(pixels([toyImage(1)], { parameters: { timeout: int(60_000_000) } }), { timeoutMillis: 60 }),
      { reason: 'DEADLINE_EXCEEDED' },
    );
    assert.ok(performance.now() - begun < 1_000);
    assert.equal(model.batcher.queuedImages, 0);
    assert.equal(admission.underWay.images, 1);
    await stuck;
  });

  it('a caller that leaves takes its images out of the queue', async (test) => {
    const { client, model, stuck, admission } = await busy(test);
    const leaving = new AbortController();
    const call = client.modelInfer(pixels([1, 2, 3].map((value) => toyImage(value))), { signal: leaving.signal });
    while (model.batcher.queuedImages < 3) await Promise.resolve();
    leaving.abort();
    await assert.rejects(call, { reason: 'CANCELLED' });
    assert.equal(model.batcher.queuedImages, 0);
    assert.equal(admission.underWay.images, 1);
    await stuck;
  });

  it('`priority` 1 goes first; more images than there is room for are refused as a whole', async (test) => {
    const { client, model, admission } = await busy(test);
    const order: string[] = [];
    const ask = (name: string, priority: number) =>
      client
        .modelInfer(pixels([toyImage(1)], { parameters: { priority: int(priority) } }))
        .then(() => order.push(name));
    // The instance that takes the place of the stuck one takes up to 4 in a batch: those in one come back together.
    const asked = [ask('low', 3), ask('usual', 0), ask('also usual', 7), ask('high', 1)];
    while (model.batcher.queuedImages < 4) await Promise.resolve();
    await assert.rejects(client.modelInfer(pixels([toyImage(1), toyImage(2)])), { reason: 'OVERLOADED' });
    assert.equal(admission.underWay.images, 5);
    await Promise.all(asked);
    assert.deepEqual(order, ['high', 'usual', 'also usual', 'low']);
  });
});
