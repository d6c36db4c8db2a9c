import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { create, createFileRegistry, fromBinary, getOption, hasOption } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { field as fieldRules } from '../../gen/buf/validate/validate_pb.ts';
import type { ServerReflection, ServerReflectionRequest } from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { type BoundService, bindService } from '../../src/rpc/handlers.ts';
import { reflectionServices } from '../../src/rpc/reflection.ts';
import { runServer } from './running-server.ts';

type Question = ServerReflectionRequest['messageRequest'];

const [v1, v1alpha] = reflectionServices([IngestService, RecommendationService]) as [
  BoundService<typeof ServerReflection>,
  BoundService<typeof ServerReflection>,
];

async function ask(bound: BoundService<typeof ServerReflection>, ...questions: Question[]) {
  async function* requests() {
    for (const messageRequest of questions) yield { host: 'h', messageRequest };
  }
  const answers = await Array.fromAsync(createMemoryClient(bound).serverReflectionInfo(requests()));
  return answers.map(({ messageResponse }) => messageResponse);
}

async function filesOf(...questions: Question[]): Promise<readonly (readonly FileDescriptorProto[])[]> {
  return (await ask(v1, ...questions)).map((answer) => {
    assert.equal(answer.case, 'fileDescriptorResponse');
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  });
}

/** Links the first file with what it imports, found among the others. */
function linked([root, ...others]: readonly FileDescriptorProto[]) {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto): void => {
    for (const name of file.dependency) add(others.find((other) => other.name === name)!);
    ordered.add(file);
  };
  add(root!);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
}

test('lists the services, itself among them, in both versions', async () => {
  for (const bound of [v1, v1alpha]) {
    const [answer] = await ask(bound, { case: 'listServices', value: '' });
    assert.equal(answer?.case, 'listServicesResponse');
    assert.deepEqual(
      answer.value.service.map(({ name }) => name),
      [
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'palate.ingest.v1.IngestService',
        'palate.recommendation.v1.RecommendationService',
      ],
    );
  }
});

test('a file comes with all that it imports, and the whole links', async () => {
  const [files = []] = await filesOf({
    case: 'fileByFilename',
    value: 'palate/recommendation/v1/recommendation.proto',
  });
  assert.equal(files[0]?.name, 'palate/recommendation/v1/recommendation.proto');
  const names = files.map(({ name }) => name);
  for (const file of files) for (const dependency of file.dependency) assert.ok(names.includes(dependency), dependency);
  assert.ok(names.includes('buf/validate/validate.proto'));
  assert.ok(names.includes('google/protobuf/descriptor.proto'));
  const registry = linked(files);
  assert.ok(registry.getService('palate.recommendation.v1.RecommendationService'));
});

test('options of buf.validate are in the files as they were', async () => {
  const [files = []] = await filesOf({
    case: 'fileContainingSymbol',
    value: 'palate.recommendation.v1.RecommendRequest',
  });
  const registry = linked(files);
  const placement = registry.getMessage('palate.recommendation.v1.RecommendRequest')?.field['placement'];
  assert.ok(placement && hasOption(placement, fieldRules));
  const rules = getOption(placement, fieldRules).type;
  assert.equal(rules.case === 'string' && rules.value.minLen, 1n);
});

test('every kind of symbol is found', async () => {
  const symbols: Record<string, string> = {
    'palate.ingest.v1.IngestService': 'palate/ingest/v1/ingest.proto',
    'palate.ingest.v1.IngestService.Publish': 'palate/ingest/v1/ingest.proto',
    'palate.ingest.v1.PublishRequest': 'palate/ingest/v1/ingest.proto',
    '.palate.ingest.v1.PublishRequest.events': 'palate/ingest/v1/ingest.proto',
    'palate.event.v1.Event.payload': 'palate/event/v1/event.proto',
    'palate.ingest.v1.Durability': 'palate/ingest/v1/ingest.proto',
    'palate.ingest.v1.DURABILITY_DISK': 'palate/ingest/v1/ingest.proto',
    'palate.ingest.v1.Durability.DURABILITY_DISK': 'palate/ingest/v1/ingest.proto',
    'buf.validate.field': 'buf/validate/validate.proto',
    'google.protobuf.FieldDescriptorProto.TYPE_INT32': 'google/protobuf/descriptor.proto',
  };
  for (const [symbol, file] of Object.entries(symbols)) {
    const [files] = await filesOf({ case: 'fileContainingSymbol', value: symbol });
    assert.equal(files?.[0]?.name, file, symbol);
  }
});

test('extensions are found by type and number', async () => {
  const containingType = 'google.protobuf.FieldOptions';
  const [numbers] = await ask(v1, { case: 'allExtensionNumbersOfType', value: containingType });
  assert.equal(numbers?.case, 'allExtensionNumbersResponse');
  assert.ok(numbers.value.extensionNumber.includes(1159));
  const value = { containingType, extensionNumber: 1159 } as never;
  const [files] = await filesOf({ case: 'fileContainingExtension', value });
  assert.equal(files?.[0]?.name, 'buf/validate/validate.proto');
});

test('what is not there is an answer, and the stream goes on', async () => {
  const answers = await ask(
    v1,
    { case: 'fileByFilename', value: 'no.proto' },
    { case: 'fileContainingSymbol', value: 'no.Such' },
    { case: 'fileContainingExtension', value: { containingType: 'no.Such', extensionNumber: 1 } as never },
    { case: 'allExtensionNumbersOfType', value: 'no.Such' },
    { case: undefined },
    { case: 'listServices', value: '*' },
  );
  const codes = answers.map((answer) => (answer.case === 'errorResponse' ? answer.value.errorCode : answer.case));
  assert.deepEqual(codes, [5, 5, 5, 5, 3, 'listServicesResponse']);
});

test('a stream is sent each import once', async () => {
  const name = 'palate/ingest/v1/ingest.proto';
  const [first = [], second = []] = await filesOf(
    { case: 'fileByFilename', value: name },
    { case: 'fileByFilename', value: name },
  );
  assert.ok(first.length > 3);
  assert.deepEqual(
    second.map((file) => file.name),
    [name],
  );
});

test('buf curl finds its way by reflection alone', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement }),
  });
  const server = await runServer(t, [service]);
  const url = `http://${server.grpc}/palate.recommendation.v1.RecommendationService/Recommend`;
  const buf = new URL('../../node_modules/.bin/buf', import.meta.url).pathname;
  const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', '{"placement":"by curl"}', url];
  const { stdout } = await promisify(execFile)(buf, args);
  assert.equal(JSON.parse(stdout).recommendationId, 'by curl');
});
