import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, type DescField, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { file_grpc_service, GRPCInferenceService } from '../../../gen/grpc_service_pb.ts';

const buf = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');

/** The protocol as its own specification has it. */
function specification() {
  const file = fileURLToPath(new URL('./open_inference_grpc.proto', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [buf, 'build', file, '-o', '-'], { encoding: 'buffer' });
  assert.equal(stderr.toString(), '');
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, stdout));
}

const ours = createFileRegistry(
  file_grpc_service.proto,
  (name) => file_grpc_service.dependencies.find(({ proto }) => proto.name === name)?.proto,
);

const known = new Map([...ours].flatMap((type) => (type.kind === 'message' ? [[type.typeName, type] as const] : [])));

/** All that decides how a field lies on the wire and is called. */
function wire(field: DescField): string {
  const kind = `${field.fieldKind} ${'scalar' in field ? field.scalar : ''} ${field.oneof?.name ?? ''}`;
  return `${field.number} ${field.name} ${kind} ${field.message?.typeName ?? ''} ${'delimitedEncoding' in field}`;
}

describe('the contract of the inference service', () => {
  it('has every method and field of the Open Inference Protocol, wire for wire', () => {
    let fields = 0;
    for (const type of specification()) {
      if (type.kind === 'service') {
        for (const { name, input, output, methodKind } of type.methods) {
          const method = GRPCInferenceService.methods.find((one) => one.name === name);
          assert.deepEqual(
            [method?.input.typeName, method?.output.typeName, method?.methodKind],
            [input.typeName, output.typeName, methodKind],
          );
        }
      }
      if (type.kind !== 'message') continue;
      for (const field of type.fields) fields += compare(type, field);
    }
    assert.ok(fields > 50);
  });
});

/** The specification's newest field is not in Triton's contract: who sends it is understood without it. */
function compare(message: DescMessage, field: DescField): number {
  if (message.typeName === 'inference.ModelMetadataResponse' && field.name === 'properties') return 0;
  const same = known.get(message.typeName)?.fields.find(({ number }) => number === field.number);
  assert.ok(same !== undefined, `${message.typeName}.${field.name}`);
  assert.equal(wire(same), wire(field));
  return 1;
}
