import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelInferRequestSchema } from '../../../../gen/grpc_service_pb.ts';
import { writeInferRequest } from '../../../../src/scoring/providers/remote/infer-request.ts';

test('a request is what protobuf reads back', () => {
  const image = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((pixels) => ({ pixels }));
  const property = fc.property(fc.array(image, { minLength: 1, maxLength: 9 }), fc.string(), (images, id) => {
    const manifest = {
      input: { name: 'image', size: 2, fit: 'fill', kernel: 'nearest' } as const,
      outputs: [{ name: 'labels', length: 2 }],
    };
    const bytes = writeInferRequest({ manifest, target: { model: 'm', version: '7' }, id, timeoutMillis: 1.5 }, images);
    const request = fromBinary(ModelInferRequestSchema, bytes);
    assert.deepEqual([request.modelName, request.modelVersion, request.id], ['m', '7', id]);
    assert.deepEqual(request.inputs[0]!.shape, [BigInt(images.length), 2n, 2n, 3n]);
    assert.equal(request.parameters['timeout']!.parameterChoice.value, 1_500n);
    assert.deepEqual(
      request.outputs.map(({ name }) => name),
      ['labels'],
    );
    assert.deepEqual(
      request.rawInputContents.map((raw) => [...raw]),
      [images.flatMap(({ pixels }) => [...pixels])],
    );
  });
  fc.assert(property);
});
