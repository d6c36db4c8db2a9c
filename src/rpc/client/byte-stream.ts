import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { credentials, Client as GrpcJsClient } from '@grpc/grpc-js';
import { readAnswers } from './client-stream.ts';

export interface ByteStreamOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Ping the connection this often, and take it for lost where no answer comes for so long. */
  readonly keepaliveMillis: number;
  readonly keepaliveTimeoutMillis: number;
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
  { signal, keepaliveMillis, keepaliveTimeoutMillis }: ByteStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const client = new GrpcJsClient(address, credentials.createInsecure(), {
    // Nothing is left over from a connection that was lost: neither itself nor the wait before the next attempt.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': 20 * mebibyte,
    'grpc.keepalive_time_ms': keepaliveMillis,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMillis,
    'grpc-node.flow_control_window': 4 * mebibyte,
    'grpc.enable_channelz': 0,
    'grpc.enable_retries': 0,
  });
  try {
    const call = client.makeServerStreamRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer): Uint8Array => bytes,
      toBinary(method.input, create(method.input, request)),
    );
    yield* readAnswers(call, address, signal, undefined) as AsyncGenerator<Uint8Array>;
  } finally {
    client.close();
  }
}
