import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ModelMetadataResponseSchema } from '../../../../gen/grpc_service_pb.ts';
import { checkMetadata } from '../../../../src/scoring/providers/remote/describe-remote.ts';

const manifest = {
  input: { name: 'image', size: 2, fit: 'fill', kernel: 'nearest' } as const,
  outputs: [{ name: 'labels', length: 2 }],
};
const image = { name: 'image', datatype: 'UINT8', shape: [-1n, 2n, 2n, 3n] };
const labels = { name: 'labels', datatype: 'FP32', shape: [-1n, 2n] };

function check(inputs: readonly (typeof image)[], outputs: readonly (typeof labels)[]): void {
  checkMetadata(create(ModelMetadataResponseSchema, { inputs: [...inputs], outputs: [...outputs] }), manifest);
}

test('the model of model.yaml, also where the server has more outputs or leaves sizes open', () => {
  check([image], [labels]);
  check([{ ...image, shape: [-1n, -1n, -1n, 3n] }], [{ ...labels, name: 'more' }, labels]);
});

test('another model, with all that differs', () => {
  const cases: [() => void, RegExp][] = [
    [() => check([], [labels]), /it has no input image \(it has none\)/],
    [
      () => check([{ ...image, datatype: 'FP32' }], [labels]),
      /its input image is FP32 \[-1, 2, 2, 3\], not UINT8 \[-1, 2, 2, 3\]/,
    ],
    [() => check([{ ...image, shape: [1n, 2n, 2n, 3n] }], [labels]), /is UINT8 \[1, 2, 2, 3\]/],
    [() => check([{ ...image, shape: [-1n, 3n, 2n, 2n] }], [labels]), /is UINT8 \[-1, 3, 2, 2\]/],
    [() => check([image, { ...image, name: 'mask' }], [labels]), /it has a further input mask/],
    [() => check([image], [{ ...labels, name: 'classes' }]), /it has no output labels \(it has classes\)/],
    [
      () => check([{ ...image, name: 'x' }], []),
      /no input image \(it has x\); it has no output labels .*; it has a further input x/,
    ],
  ];
  for (const [wrong, message] of cases) assert.throws(wrong, { reason: 'MODEL_INVALID', message });
});
