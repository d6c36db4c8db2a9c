import { type Authorize, allowAll } from '../access/authorize.ts';

/** What bounds a server. Bytes and milliseconds. */
export interface RpcOptions {
  /** The deadline of a unary call whose caller gave none. Streams have none by default: they may live for days. */
  readonly defaultTimeoutMillis: number;
  /** A caller's longer deadline is cut to this one. It holds for unary calls. */
  readonly maxTimeoutMillis: number;
  /** The largest request message, after decompression. */
  readonly receiveMaxBytes: number;
  /** The largest answer. Many clients take no more than 4 MiB. */
  readonly sendMaxBytes: number;
  /** The largest header block of a call. */
  readonly metadataMaxBytes: number;
  /** Calls at a time on one HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** Memory that one HTTP/2 connection may hold, in MiB, as Node counts it. */
  readonly sessionMemoryMebibytes: number;
  /** Flow-control window of a stream and of a connection: what a sender may have under way. */
  readonly windowBytes: number;
  /** Answers on a stream that were handed to HTTP/2 and not yet written. The handler waits above it. */
  readonly streamBufferBytes: number;
  /** Ping an idle gRPC connection this often, and close it when no answer comes. */
  readonly keepaliveMillis: number;
  readonly keepaliveTimeoutMillis: number;
  /** A connection is told to go after this long (± 10 %), so that load spreads anew; then it has the grace. */
  readonly maxConnectionAgeMillis: number;
  readonly maxConnectionAgeGraceMillis: number;
  /** How long health says NOT_SERVING before calls are refused, so that load balancers look elsewhere first. */
  readonly drainDelayMillis: number;
  /** How long calls in flight may go on once draining began. */
  readonly drainMillis: number;
  /** Origins whose pages may call the HTTP port, or '*'. A page of the server itself always may. */
  readonly corsOrigins: readonly string[];
  /** Who may call what. */
  readonly authorize: Authorize;
  /** Whether a stream ends when its caller's credentials do. */
  readonly endStreamsAtExpiry: boolean;
}

const mebibyte = 1024 * 1024;

/** The options of a server where none are given. */
export const defaultRpcOptions: RpcOptions = {
  defaultTimeoutMillis: 30_000,
  maxTimeoutMillis: 300_000,
  receiveMaxBytes: 20 * mebibyte,
  sendMaxBytes: 4 * mebibyte,
  metadataMaxBytes: 16 * 1024,
  maxConcurrentStreams: 1_000,
  sessionMemoryMebibytes: 256,
  windowBytes: 4 * mebibyte,
  streamBufferBytes: 256 * 1024,
  keepaliveMillis: 60_000,
  keepaliveTimeoutMillis: 20_000,
  maxConnectionAgeMillis: 3_600_000,
  maxConnectionAgeGraceMillis: 300_000,
  drainDelayMillis: 0,
  drainMillis: 10_000,
  corsOrigins: [],
  authorize: allowAll,
  endStreamsAtExpiry: true,
};
