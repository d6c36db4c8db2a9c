/** A collector that keeps what it receives over OTLP: HTTP with protobuf and JSON, and gRPC. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { Scope } from '../../servers/palate-process.ts';
import { type StoredSpan, spansOfJson, spansOfProtobuf } from './otlp-spans.ts';

export interface OtlpSink {
  readonly http: string;
  readonly grpc: string;
  readonly spans: readonly StoredSpan[];
  /** The content types that came, and `grpc`. */
  readonly forms: ReadonlySet<string>;
}

export async function startSink(t: Scope): Promise<OtlpSink> {
  const spans: StoredSpan[] = [];
  const forms = new Set<string>();
  const http = await listenHttp(t, (form, body) => {
    forms.add(form);
    spans.push(...(form === 'application/json' ? spansOfJson(body.toString('utf8')) : spansOfProtobuf(body)));
  });
  const grpc = await listenGrpc(t, (bytes) => {
    forms.add('grpc');
    spans.push(...spansOfProtobuf(bytes));
  });
  return { http, grpc, spans, forms };
}

async function listenHttp(t: Scope, take: (form: string, body: Buffer) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const form = request.headers['content-type'] ?? '';
    take(form, request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': form }).end(form === 'application/json' ? '{}' : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listenGrpc(t: Scope, take: (bytes: Uint8Array) => void): Promise<string> {
  const server = new Server();
  const asTheyAre = (bytes: Buffer) => bytes;
  const definition = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: asTheyAre,
    requestDeserialize: asTheyAre,
    responseSerialize: asTheyAre,
    responseDeserialize: asTheyAre,
  } as const;
  const answer = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
    take(call.request);
    reply(null, Buffer.alloc(0));
  };
  server.addService({ export: definition }, { export: answer });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
  t.after(() => server.forceShutdown());
  return `http://127.0.0.1:${await promise}`;
}
