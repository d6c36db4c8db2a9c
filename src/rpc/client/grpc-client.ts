import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type CallOptions, Client as GrpcJsClient, Metadata } from '@grpc/grpc-js';
import { tenantHeader } from '../../access/tenant.ts';
import { PalateError } from '../../errors.ts';
import { endClientSpan, startClientSpan } from '../interceptors/call-span.ts';
import { type AnyClientMethod, type Client, type ClientCallOptions, clientOf } from './client.ts';
import { type ClientStream, readAnswers, writeRequests } from './client-stream.ts';
import { authorizationOf, type ConnectionOptions, channelCredentials, channelOptions } from './connection.ts';
import { oneAnswer } from './one-answer.ts';
import { retryConfig } from './retry.ts';

export interface GrpcClientOptions {
  /** Of calls that name none. Default: the default tenant. */
  readonly tenant?: string;
  /** Of unary calls that set none, in milliseconds. Default: 30,000. */
  readonly timeoutMillis?: number;
  /** How often an idempotent unary call is tried in all when the server is UNAVAILABLE. 1: once. Default: 4. */
  readonly attempts?: number;
  /** Ping an idle connection this often. Default: 30,000. */
  readonly keepaliveMillis?: number;
  /**
   * Shares no connection with other clients of the address, nor the wait before the next attempt after one that failed: who
   * makes a new client tries anew. Default: false.
   */
  readonly isAlone?: boolean;
  /** TLS, certificates and a token. Default: none of them. */
  readonly connection?: ConnectionOptions;
}

/** A client over a connection of its own. */
export interface GrpcClient<S extends DescService> {
  readonly call: Client<S>;
  /** Ends every call and lets go of the connection. */
  close(): void;
}

interface Connection {
  readonly client: GrpcJsClient;
  readonly address: string;
  readonly tenant: string;
  readonly timeoutMillis: number;
  readonly authorization: () => string | undefined;
}

const mebibyte = 1024 * 1024;

/**
 * A client of a service at `host:port`, over gRPC. It connects on the first call.
 *
 * Errors are PalateErrors with what the server said. Where there is no server, their reason is UNREACHABLE and their
 * message names the address.
 */
export function createGrpcClient<S extends DescService>(
  service: S,
  address: string,
  options: GrpcClientOptions = {},
): GrpcClient<S> {
  const client = new GrpcJsClient(address, channelCredentials(options.connection), {
    'grpc.service_config': JSON.stringify(retryConfig(service, options.attempts ?? 4)),
    'grpc.max_receive_message_length': 20 * mebibyte,
    'grpc.max_send_message_length': 20 * mebibyte,
    'grpc.keepalive_time_ms': options.keepaliveMillis ?? 30_000,
    'grpc-node.flow_control_window': 4 * mebibyte,
    'grpc.enable_channelz': 0,
    'grpc.use_local_subchannel_pool': options.isAlone ? 1 : 0,
    ...channelOptions(options.connection),
  });
  const { tenant = '', timeoutMillis = 30_000 } = options;
  const authorization = authorizationOf(options.connection);
  const connection: Connection = { client, address, tenant, timeoutMillis, authorization };
  return { call: clientOf(service, (method) => callOver(connection, method)), close: () => client.close() };
}

function callOver(connection: Connection, method: DescMethod): AnyClientMethod {
  switch (method.methodKind) {
    case 'unary':
      return (request, options = {}) =>
        spanned(connection, method, options, (own) => callUnary(connection, method, request, own));
    case 'server_streaming':
      return (request, options = {}) => readServerStream(connection, method, request, options);
    case 'client_streaming':
      return (requests, options = {}) =>
        spanned(connection, method, options, (own) => callClientStream(connection, method, requests, own));
    case 'bidi_streaming':
      return (requests, options = {}) => readBidi(connection, method, requests, options);
  }
}

/** The call, in a span where the caller has one. Streams of answers go on in the caller's. */
async function spanned(
  { address }: Connection,
  { parent, name }: DescMethod,
  options: ClientCallOptions,
  work: (options: ClientCallOptions) => Promise<unknown>,
): Promise<unknown> {
  const span = startClientSpan(options.span, `/${parent.typeName}/${name}`, address);
  if (span === undefined) return work(options);
  try {
    const answer = await work({ ...options, span });
    endClientSpan(span, 'OK');
    return answer;
  } catch (error) {
    endClientSpan(span, PalateError.from(error).code);
    throw error;
  }
}

function callUnary(
  { client, address, ...connection }: Connection,
  method: DescMethod,
  request: unknown,
  options: ClientCallOptions,
): Promise<unknown> {
  const { path, serialize, deserialize } = codecs(method);
  const metadata = metadataOf(connection, options);
  const given = callOptions({ timeoutMillis: connection.timeoutMillis, ...options });
  return oneAnswer(address, options.signal, (answered) =>
    client.makeUnaryRequest(path, serialize, deserialize, request, metadata, given, answered),
  );
}

async function* readServerStream(
  connection: Connection,
  method: DescMethod,
  request: unknown,
  options: ClientCallOptions,
): AsyncGenerator<unknown> {
  const { path, serialize, deserialize } = codecs(method);
  const metadata = metadataOf(connection, options);
  const call = connection.client.makeServerStreamRequest(
    path,
    serialize,
    deserialize,
    request,
    metadata,
    callOptions(options),
  );
  yield* readAnswers(call, connection.address, options.signal, undefined);
}

function callClientStream(
  { client, address, ...connection }: Connection,
  method: DescMethod,
  requests: AsyncIterable<unknown>,
  options: ClientCallOptions,
): Promise<unknown> {
  const { path, serialize, deserialize } = codecs(method);
  const metadata = metadataOf(connection, options);
  return oneAnswer(address, options.signal, (answered, fail) => {
    const call = client.makeClientStreamRequest(path, serialize, deserialize, metadata, callOptions(options), answered);
    writeRequests(call as ClientStream, requests).catch(fail);
    return call;
  });
}

async function* readBidi(
  connection: Connection,
  method: DescMethod,
  requests: AsyncIterable<unknown>,
  options: ClientCallOptions,
): AsyncGenerator<unknown> {
  const { path, serialize, deserialize } = codecs(method);
  const metadata = metadataOf(connection, options);
  const call = connection.client.makeBidiStreamRequest(path, serialize, deserialize, metadata, callOptions(options));
  yield* readAnswers(call, connection.address, options.signal, requests);
}

function codecs({ input, output, parent, name }: DescMethod) {
  return {
    path: `/${parent.typeName}/${name}`,
    serialize: (request: unknown) => {
      if (Buffer.isBuffer(request)) return request;
      return Buffer.from(request instanceof Uint8Array ? request : encode(input, request));
    },
    deserialize: (bytes: Buffer): unknown => fromBinary(output, bytes),
  };
}

function encode(schema: DescMessage, request: unknown): Uint8Array {
  return toBinary(schema, create(schema, request as MessageInitShape<DescMessage>));
}

function metadataOf(connection: Pick<Connection, 'tenant' | 'authorization'>, options: ClientCallOptions): Metadata {
  const metadata = new Metadata();
  const tenant = options.tenant ?? connection.tenant;
  if (tenant !== '') metadata.set(tenantHeader, tenant);
  const authorization = connection.authorization();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  for (const [name, value] of Object.entries(options.metadata ?? {})) {
    metadata.set(name, typeof value === 'string' ? value : Buffer.from(value));
  }
  for (const [name, value] of Object.entries(options.span?.headers ?? {})) metadata.set(name, value);
  return metadata;
}

function callOptions({ timeoutMillis }: ClientCallOptions): CallOptions {
  return timeoutMillis === undefined ? {} : { deadline: Date.now() + timeoutMillis };
}
