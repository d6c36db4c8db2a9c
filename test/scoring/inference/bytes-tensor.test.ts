import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readBytesTensor, writeBytesTensor } from '../../../src/scoring/inference/bytes-tensor.ts';

const elements = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });

describe('the raw form of BYTES tensors', () => {
  it('is each element behind its length, little-endian', () => {
    const raw = writeBytesTensor([Uint8Array.of(7, 8), new Uint8Array(0), Uint8Array.of(9)]);
    assert.deepEqual([...raw], [2, 0, 0, 0, 7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 9]);
  });

  it('gives back what was put in, wherever it lies in memory', () => {
    fc.assert(
      fc.property(elements, fc.nat(9), (tensor, offset) => {
        const raw = writeBytesTensor(tensor);
        const elsewhere = new Uint8Array(raw.length + offset + 5).fill(255);
        elsewhere.set(raw, offset);
        const read = readBytesTensor(elsewhere.subarray(offset, offset + raw.length));
        assert.deepEqual(
          read?.map((element) => [...element]),
          tensor.map((element) => [...element]),
        );
      }),
    );
  });

  it('cut off anywhere but behind an element it is none', () => {
    fc.assert(
      fc.property(elements, fc.nat(), (tensor, cut) => {
        const raw = writeBytesTensor(tensor);
        const length = cut % (raw.length + 1);
        const ends = tensor.map((_, index) => writeBytesTensor(tensor.slice(0, index + 1)).length);
        const whole = length === 0 ? 0 : ends.indexOf(length) + 1;
        const read = readBytesTensor(raw.subarray(0, length));
        if (length > 0 && whole === 0) assert.equal(read, undefined);
        else assert.ok(read !== undefined && read.length >= whole);
      }),
    );
  });

  it('never reads beyond its end, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const read = readBytesTensor(bytes);
        if (read !== undefined) assert.deepEqual(writeBytesTensor(read), bytes);
      }),
    );
  });
});
