import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datatypes, randomTensor } from '../../../bench/inference/datatypes.ts';
import type { ServedModel } from '../../../bench/inference/served-model.ts';
import { parseTensors, tensorsOf } from '../../../bench/inference/tensors.ts';
import { createRandom } from '../../../bench/random.ts';
import { readBytesTensor } from '../../../src/scoring/inference/bytes-tensor.ts';

function model(shape: readonly number[], maxBatch?: number): ServedModel {
  const inputs = [{ name: 'x', datatype: 'FP32', shape }];
  return { name: 'm', version: '', server: 's', inputs, maxBatch } as unknown as ServedModel;
}

describe('the tensors of a request', () => {
  it('follow from the metadata', () => {
    const shapeOf = (shape: readonly number[], batch: number, maxBatch?: number) =>
      tensorsOf(model(shape, maxBatch), batch)[0]!.shape;
    assert.deepEqual(shapeOf([-1, 2, 3], 1), [1, 2, 3]);
    assert.deepEqual(shapeOf([-1, 2, 3], 8, 8), [8, 2, 3]);
    assert.deepEqual(shapeOf([4], 1, 0), [4]);
  });

  it('may need a word of the caller', () => {
    const wrong = (shape: readonly number[], batch: number, maxBatch: number | undefined, message: RegExp) =>
      assert.throws(() => tensorsOf(model(shape, maxBatch), batch), { reason: 'USAGE', message });
    wrong([-1, -1, 3], 1, undefined, /--inputs x:FP32:1,-1,3 with a number for each -1/);
    wrong([-1, 3], 9, 8, /at most 8/);
    wrong([4], 2, undefined, /first dimension of x is 4/);
    assert.throws(() => tensorsOf({ ...model([]), inputs: [] }, 1), { reason: 'USAGE', message: /names no inputs/ });
  });

  it('may be given', () => {
    assert.deepEqual(parseTensors('a:b:UINT8:1,2; c:BYTES:1'), [
      { name: 'a:b', datatype: 'UINT8', shape: [1, 2] },
      { name: 'c', datatype: 'BYTES', shape: [1] },
    ]);
    for (const text of ['', 'x', 'x:FP32', 'x:FP32:', 'x:FP32:0', 'x:FP32:-1', 'x:FP99:1', 'x:FP32:1,,2']) {
      assert.throws(() => parseTensors(text), { reason: 'USAGE', message: /--inputs takes tensors/ }, text);
    }
  });

  it('have random values of every datatype', () => {
    const lengths = datatypes.map((datatype) => [datatype, randomTensor(datatype, 6, createRandom(1)).length]);
    assert.deepEqual(Object.fromEntries(lengths), {
      ...{ BOOL: 6, UINT8: 6, UINT16: 12, UINT32: 24, UINT64: 48, INT8: 6, INT16: 12, INT32: 24, INT64: 48 },
      ...{ FP16: 12, BF16: 12, FP32: 24, FP64: 48, BYTES: 6 * 36 },
    });
    const floats = new Float32Array(Uint8Array.from(randomTensor('FP32', 100, createRandom(1))).buffer);
    assert.ok(floats.every((value) => value >= 0 && value < 1) && new Set(floats).size > 50);
    assert.deepEqual(
      readBytesTensor(randomTensor('BYTES', 2, createRandom(1)))?.map(({ length }) => length),
      [32, 32],
    );
  });
});
