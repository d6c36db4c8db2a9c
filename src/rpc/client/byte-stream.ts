import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Client as GrpcJsClient, Metadata } from '@grpc/grpc-js';
import { readAnswers } from './client-stream.ts';
import { authorizationOf, type ConnectionOptions, channelCredentials, channelOptions } from './connection.ts';

export interface ByteStreamOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Ping the connection this often, and take it for lost where no answer comes for so long. */
  readonly keepaliveMillis: number;
  readonly keepaliveTimeoutMillis: number;
  /** TLS, certificates and a token, read anew for each call. Default: none of them. */
  readonly connection?: ConnectionOptions | undefined;
}

const mebibyte = 1024 * 1024;

/**
 * One server-streaming call over a connection of its own, which ends with it; the answers are given as their bytes, at the
 * pace of whoever takes them.
 *
 * @throws PalateError of the call; UNREACHABLE where there is no server.
 */
export async function* streamBytes<I extends DescMessage, O extends DescMessage>(
  address: string,
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
  { signal, keepaliveMillis, keepaliveTimeoutMillis, connection }: ByteStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const client = new GrpcJsClient(address, channelCredentials(connection), {
    // Nothing is left over from a connection that was lost: neither itself nor the wait before the next attempt.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': 20 * mebibyte,
    'grpc.keepalive_time_ms': keepaliveMillis,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMillis,
    'grpc-node.flow_control_window': 4 * mebibyte,
    'grpc.enable_channelz': 0,
    'grpc.enable_retries': 0,
    ...channelOptions(connection),
  });
  try {
    const metadata = new Metadata();
    const authorization = authorizationOf(connection)();
    if (authorization !== undefined) metadata.set('authorization', authorization);
    const call = client.makeServerStreamRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer): Uint8Array => bytes,
      toBinary(method.input, create(method.input, request)),
      metadata,
    );
    yield* readAnswers(call, address, signal, undefined) as AsyncGenerator<Uint8Array>;
  } finally {
    client.close();
  }
}
