/**
 * The server of connectrpc.com/conformance over Palate's own ports: reads what it is to serve from standard input, and prints
 * where it does. `server.ts DESCRIPTORS http|grpc` says which of the two ports is under test.
 */

import { readFileSync } from 'node:fs';
import { create, createFileRegistry, type DescService, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { bindService } from '../../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../../src/rpc/health-board.ts';
import { createRpcServer } from '../../../src/rpc/server/rpc-server.ts';
import { conformanceHandlers, noDeadlineMillis } from './service.ts';

const [descriptors = '', port] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const packageName = 'connectrpc.conformance.v1';
const service: DescService = registry.getService(`${packageName}.ConformanceService`)!;
const requestSchema = registry.getMessage(`${packageName}.ServerCompatRequest`)!;
const responseSchema = registry.getMessage(`${packageName}.ServerCompatResponse`)!;

const input = process.stdin[Symbol.asyncIterator]();
let read = Buffer.alloc(0);
while (read.length < 4 || read.length < 4 + read.readUInt32BE())
  read = Buffer.concat([read, (await input.next()).value]);
const { messageReceiveLimit } = fromBinary(requestSchema, read.subarray(4)) as unknown as {
  messageReceiveLimit: number;
};

const server = createRpcServer({
  host: '127.0.0.1',
  port: 0,
  httpPort: 0,
  services: [bindService(service, conformanceHandlers(registry) as object)],
  health: createHealthBoard(),
  options: {
    // So long that no caller can have asked for it: the service says what time its callers gave.
    defaultTimeoutMillis: noDeadlineMillis,
    maxTimeoutMillis: noDeadlineMillis,
    ...(messageReceiveLimit > 0 ? { receiveMaxBytes: messageReceiveLimit } : {}),
  },
});
await server.start();
const [host, number] = (port === 'grpc' ? server.address().grpc : server.address().http).split(':');
const answer = toBinary(
  responseSchema,
  create(responseSchema, { host, port: Number(number) } as Record<string, unknown>),
);
const head = Buffer.alloc(4);
head.writeUInt32BE(answer.length);
process.stdout.write(Buffer.concat([head, answer]));
// The runner ends it by a signal.
