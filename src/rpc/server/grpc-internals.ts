import type { Http2Server, Http2Session, ServerOptions } from 'node:http2';
import { constants, gzipSync } from 'node:zlib';
import type { Server, ServerInterceptingCallInterface } from '@grpc/grpc-js';

/**
 * The one place that reaches into grpc-js. Version 1.14 has no option for the windows and the header limit of a server,
 * no hook for unknown methods, and no word when a stream ends in the middle of a message. Each reach looks first: where
 * a later version keeps things elsewhere, the server works with that library's defaults.
 */
interface Internals {
  readonly commonServerOptions?: ServerOptions;
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
  _retrieveHandler?: (path: string) => unknown;
}

export interface Http2Limits {
  readonly windowBytes: number;
  readonly metadataMaxBytes: number;
}

/** Raises the stream window and sets the header limit. To be called before a port or an injector is made. */
export function limitHttp2(server: Server, limits: Http2Limits): void {
  const options = (server as unknown as Internals).commonServerOptions;
  if (options === undefined) return;
  options.settings = {
    ...options.settings,
    initialWindowSize: limits.windowBytes,
    maxHeaderListSize: limits.metadataMaxBytes,
  };
}

/** The HTTP/2 servers behind it: one a port or injector that was made. */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  return [...((server as unknown as Internals).http2Servers?.keys() ?? [])];
}

/** Gives calls to unknown methods a handler of ours in place of a bare status. */
export function answerUnknownMethods(server: Server, handlerOf: (path: string) => unknown): void {
  const internals = server as unknown as Internals;
  const retrieve = internals._retrieveHandler;
  if (typeof retrieve !== 'function') return;
  internals._retrieveHandler = (path) => retrieve.call(server, path) ?? handlerOf(path);
}

/** The connection that a call came by. */
export function sessionOf(call: ServerInterceptingCallInterface): Http2Session | undefined {
  return (call as unknown as { readonly stream?: { readonly session?: Http2Session } }).stream?.session;
}

/** Has a message begun that did not come whole? What reads frames is at rest, 0, between two of them. */
export function isMidMessage(call: ServerInterceptingCallInterface): boolean {
  const { decoder } = call as unknown as { readonly decoder?: { readonly readState?: number } };
  return (decoder?.readState ?? 0) !== 0;
}

/** A smaller answer would not become much smaller. */
const leastGzipBytes = 1_024;

/**
 * Packs the answers of a call whose request was packed: grpc-js servers of version 1.14 read gzip but never write it. A
 * caller who does not pack gets none, so that nobody pays for what they did not ask for. Returns whether answers are
 * packed from now on; then the headers must say so.
 */
export function answerInGzip(call: ServerInterceptingCallInterface): boolean {
  const internals = call as unknown as {
    readonly incomingEncoding?: string;
    serializeMessage?: (message: Uint8Array) => Buffer;
  };
  if (internals.incomingEncoding !== 'gzip' || typeof internals.serializeMessage !== 'function') return false;
  internals.serializeMessage = gzipFrame;
  return true;
}

/** A length-prefixed message: a byte that says whether it is packed, its length, its bytes. */
function gzipFrame(message: Uint8Array): Buffer {
  const isPacked = message.length >= leastGzipBytes;
  const body = isPacked ? gzipSync(message, { level: constants.Z_BEST_SPEED }) : message;
  const frame = Buffer.allocUnsafe(body.length + 5);
  frame.writeUInt8(isPacked ? 1 : 0, 0);
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, 5);
  return frame;
}
