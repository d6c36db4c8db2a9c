/** A collector that keeps what it receives over OTLP: HTTP with protobuf and JSON, and gRPC. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
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
  /** Those of HTTP. */
  readonly requests: readonly SinkRequest[];
}

export interface SinkRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly spans: number;
}

export interface SinkOptions {
  /** Of HTTP. Default: a free one. */
  readonly port?: number;
  /** HTTPS, with this certificate. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Whether a request of HTTP is answered. Default: each is. */
  readonly answers?: () => boolean;
}

export async function startSink(t: Scope, options: SinkOptions = {}): Promise<OtlpSink> {
  const spans: StoredSpan[] = [];
  const forms = new Set<string>();
  const requests: SinkRequest[] = [];
  const http = await listenHttp(t, options, (form, body, request) => {
    const came = form === 'application/json' ? spansOfJson(body.toString('utf8')) : spansOfProtobuf(body);
    forms.add(form);
    requests.push({ ...request, spans: came.length });
    spans.push(...came);
  });
  const grpc = await listenGrpc(t, (bytes) => {
    forms.add('grpc');
    spans.push(...spansOfProtobuf(bytes));
  });
  return { http, grpc, spans, forms, requests };
}

type Take = (form: string, body: Buffer, request: Omit<SinkRequest, 'spans'>) => void;

async function listenHttp(t: Scope, { port = 0, tls, answers }: SinkOptions, take: Take): Promise<string> {
  const onRequest: RequestListener = async (request, response) => {
    const body = await buffer(request);
    const { headers, url: path = '' } = request;
    if (answers?.() === false) return;
    const form = headers['content-type'] ?? '';
    take(form, headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, { path, headers });
    response.writeHead(200, { 'content-type': form }).end(form === 'application/json' ? '{}' : undefined);
  };
  const server = tls === undefined ? createServer(onRequest) : createSecureServer(tls, onRequest);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
