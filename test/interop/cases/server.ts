/** gRPC's interop test service over Palate's own ports: `server.ts DESCRIPTORS`. Prints its addresses as JSON when it serves. */

import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { PalateError, type StatusCode, statusCodes } from '../../../src/errors.ts';
import type { Call } from '../../../src/rpc/call.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../../src/rpc/health-board.ts';
import { createRpcServer } from '../../../src/rpc/server/rpc-server.ts';

interface Asked {
  readonly payload?: { readonly body: Uint8Array };
  readonly responseStatus?: { readonly code: number; readonly message: string };
  readonly expectCompressed?: { readonly value: boolean };
}

interface SimpleRequest extends Asked {
  readonly responseSize: number;
}

interface StreamRequest extends Asked {
  readonly responseParameters: readonly { readonly size: number; readonly intervalUs: number }[];
}

/** What a client wants back: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md#custom_metadata */
function echo(call: Call): void {
  const initial = call.metadata.get('x-grpc-test-echo-initial');
  if (initial !== undefined) call.setHeader('x-grpc-test-echo-initial', initial);
  const trailing = call.metadata.getBinary('x-grpc-test-echo-trailing-bin');
  if (trailing !== undefined) call.setTrailer('x-grpc-test-echo-trailing-bin', trailing);
}

/** How the messages of the latest call come: grpc-js keeps it to itself, and the clients make one call at a time. */
let encoding: unknown;
subscribe('http2.server.stream.start', (message) => {
  encoding = (message as { readonly headers: Readonly<Record<string, unknown>> }).headers['grpc-encoding'];
});

/** Refuses what is to fail, and what was to come compressed and did not. */
function check({ responseStatus, expectCompressed }: Asked): void {
  if (expectCompressed?.value === true && encoding !== 'gzip') {
    throw new PalateError('INVALID_REQUEST', 'the request is not compressed');
  }
  if (responseStatus === undefined || responseStatus.code === 0) return;
  const code = (Object.keys(statusCodes) as StatusCode[]).find((name) => statusCodes[name] === responseStatus.code);
  throw Object.assign(new PalateError('INVALID_REQUEST', responseStatus.message), { code });
}

const ofSize = (size: number) => ({ payload: { body: new Uint8Array(size) } });

async function* stream(request: StreamRequest, call: Call) {
  check(request);
  for (const { size, intervalUs } of request.responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000, undefined, { signal: call.signal });
    yield ofSize(size);
  }
}

const handlers = {
  emptyCall: () => ({}),
  unaryCall(request: SimpleRequest, call: Call) {
    echo(call);
    check(request);
    return ofSize(request.responseSize);
  },
  async streamingInputCall(requests: AsyncIterable<Asked>) {
    let aggregatedPayloadSize = 0;
    for await (const request of requests) {
      // The header tells of the call. That a single message was left as it is cannot be seen here.
      check(request);
      aggregatedPayloadSize += request.payload?.body.length ?? 0;
    }
    return { aggregatedPayloadSize };
  },
  streamingOutputCall: stream,
  async *fullDuplexCall(requests: AsyncIterable<StreamRequest>, call: Call) {
    echo(call);
    for await (const request of requests) yield* stream(request, call);
  },
};

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(process.argv[2] ?? '')));
const service = registry.getService('grpc.testing.TestService')!;
const server = createRpcServer({
  host: '127.0.0.1',
  port: 0,
  httpPort: 0,
  services: [bindService(service, handlers as object)],
  health: createHealthBoard(),
});
await server.start();
console.log(JSON.stringify(server.address()));
