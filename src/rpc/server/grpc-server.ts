import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Server, ServerCredentials, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerTls } from '../../access/server-certificate.ts';
import { statusCodes } from '../../errors.ts';
import { observeEnd, observeStart, otherMethod } from '../interceptors/observation.ts';
import type { RpcOptions } from '../options.ts';
import { type PreparedMethod, unknownMethod } from '../prepare.ts';
import { wireMessage } from '../status.ts';
import { GrpcCall, type GrpcContext } from './grpc-call.ts';
import { answerUnknownMethods, http2ServersOf, limitHttp2 } from './grpc-internals.ts';
import { errorTrailers } from './grpc-metadata.ts';
import { listen } from './listen.ts';
import { releaseStreams } from './release-streams.ts';
import { createTlsFront, trackSockets } from './tls-front.ts';

/** The gRPC port: HTTP/2 over TLS, or without it by prior knowledge. */
export interface GrpcServer {
  /** Binds. Throws ADDRESS_IN_USE. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections, and tells those it has to go (GOAWAY) once their calls are done. */
  close(): void;
  /** Cuts every connection. */
  destroy(): void;
  /** Open ones. */
  connections(): number;
}

const identity = (bytes: Buffer): Buffer => bytes;
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** Node's timers hold 31 bits of milliseconds. */
const longestTimerMillis = 2 ** 31 - 1;

const neverRun = (): void => {};

/** Makes the gRPC port of a server. */
export function createGrpcServer(
  methods: readonly PreparedMethod[],
  context: GrpcContext,
  tls?: ServerTls | undefined,
): GrpcServer {
  const { options } = context.gate;
  const byPath = new Map(methods.map((prepared) => [prepared.path, prepared]));
  const server = new Server({ ...channelOptions(options), interceptors: [answering(byPath, context)] });
  for (const { path, requestStream, responseStream } of methods) {
    server.register(path, neverRun, asBuffer, identity, handlerType(requestStream, responseStream));
  }
  answerUnknownMethods(server, (path) => ({
    func: neverRun,
    serialize: asBuffer,
    deserialize: identity,
    type: 'unary',
    path,
  }));
  limitHttp2(server, options);
  // Our own listener says plainly why a port cannot be had, where grpc-js would write it to the console, and does the TLS.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  for (const http2Server of http2ServersOf(server)) {
    // `initialWindowSize` holds for streams only (nodejs/node#31084).
    http2Server.on('session', (session) => session.setLocalWindowSize(options.windowBytes));
    releaseStreams(http2Server);
  }
  const inject = injector.injectConnection.bind(injector);
  const listener =
    tls === undefined ? createServer({ noDelay: true }, inject) : createTlsFront(tls, ['h2'], context.log, inject);
  const sockets = trackSockets(listener);
  return {
    async listen(host, port) {
      await listen(listener, host, port);
      return (listener.address() as AddressInfo).port;
    },
    close() {
      listener.close();
      server.tryShutdown(() => {});
    },
    destroy() {
      listener.close();
      server.forceShutdown();
      // Without channelz, grpc-js 1.14 forgets its sessions and would leave them open.
      for (const socket of sockets) socket.destroy();
    },
    connections: () => sockets.size,
  };
}

function answering(byPath: ReadonlyMap<string, PreparedMethod>, context: GrpcContext): ServerInterceptor {
  return (definition, call) => {
    const prepared = byPath.get(definition.path);
    if (prepared !== undefined) return new GrpcCall(call, prepared, context);
    return new ServerInterceptingCall(call, {
      start() {
        const error = unknownMethod(definition.path);
        observeEnd(observeStart(), otherMethod, error.code, 'grpc');
        const metadata = errorTrailers(error, undefined);
        call.sendStatus({ code: statusCodes[error.code], details: wireMessage(error), metadata });
      },
    });
  };
}

function handlerType(requestStream: boolean, responseStream: boolean): string {
  if (requestStream) return responseStream ? 'bidi' : 'clientStream';
  return responseStream ? 'serverStream' : 'unary';
}

/** grpc-js names of our bounds. Its own send limit is off: ours answers with a reason. */
function channelOptions(options: RpcOptions): Record<string, number> {
  const age = options.maxConnectionAgeMillis;
  return {
    // Absent is without limit. grpc-js adds up to a tenth of jitter, and a timer that overflows fires at once.
    ...(age < longestTimerMillis / 1.1 ? { 'grpc.max_connection_age_ms': age } : {}),
    'grpc.max_connection_age_grace_ms': Math.min(options.maxConnectionAgeGraceMillis, longestTimerMillis),
    'grpc.max_receive_message_length': options.receiveMaxBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': options.maxConcurrentStreams,
    'grpc-node.max_session_memory': options.sessionMemoryMebibytes,
    'grpc.keepalive_time_ms': Math.min(options.keepaliveMillis, longestTimerMillis),
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMillis,
    'grpc.enable_channelz': 0,
  };
}
