import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelInferResponseSchema } from '../../../../gen/grpc_service_pb.ts';
import { readOutputs } from '../../../../src/scoring/providers/remote/infer-response.ts';

const manifest = [
  { name: 'labels', length: 3 },
  { name: 'food', length: 1 },
];

function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** As it comes over the network: views that begin anywhere. */
function received(answer: MessageInitShape<typeof ModelInferResponseSchema>) {
  return fromBinary(
    ModelInferResponseSchema,
    Buffer.from(toBinary(ModelInferResponseSchema, create(ModelInferResponseSchema, answer))),
  );
}

test('each image gets its own values, whatever the order of the tensors', () => {
  const images = fc.array(fc.tuple(fc.float(), fc.float(), fc.float(), fc.float()), { minLength: 1, maxLength: 9 });
  const property = fc.property(images, fc.string(), fc.boolean(), (rows, id, isRaw) => {
    const labels = rows.flatMap((row) => row.slice(0, 3));
    const food = rows.map(([, , , d]) => d);
    const tensor = (name: string, values: readonly number[]) => ({
      name,
      datatype: 'FP32',
      shape: [BigInt(rows.length), BigInt(values.length / rows.length)],
      ...(isRaw ? {} : { contents: { fp32Contents: [...values] } }),
    });
    const answer = received({
      id,
      outputs: [tensor('food', food), tensor('other', food), tensor('labels', labels)],
      rawOutputContents: isRaw ? [bytesOf(food), bytesOf(food), bytesOf(labels)] : [],
    });
    const outputs = readOutputs(answer, manifest, rows.length);
    assert.deepEqual(
      outputs.map(({ values }) => [...values]),
      rows.map((row) => [...row]),
    );
    assert.deepEqual(
      outputs.map((output) => [...output.labels, output.food]),
      rows.map((row) => [...row]),
    );
  });
  fc.assert(property);
});

test('what is not as the model answers is not believed', () => {
  const labels = { name: 'labels', datatype: 'FP32', shape: [1n, 3n] };
  const food = { name: 'food', datatype: 'FP32', shape: [1n, 1n] };
  const cases: [MessageInitShape<typeof ModelInferResponseSchema>, RegExp][] = [
    [{ outputs: [labels], rawOutputContents: [bytesOf([1, 2, 3])] }, /no output food/],
    [{ outputs: [labels, food], rawOutputContents: [bytesOf([1, 2]), bytesOf([1])] }, /2 values of output labels/],
    [
      { outputs: [labels, food], rawOutputContents: [bytesOf([1, 2, 3]), new Uint8Array(3)] },
      /0 values of output food/,
    ],
    [{ outputs: [{ ...labels, datatype: 'FP16' }, food], rawOutputContents: [] }, /labels as FP16, not FP32/],
  ];
  for (const [answer, message] of cases) {
    assert.throws(() => readOutputs(received(answer), manifest, 1), { reason: 'MODEL_INVALID', message });
  }
});
