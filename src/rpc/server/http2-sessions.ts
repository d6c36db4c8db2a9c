import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { RpcOptions } from '../options.ts';
import { releaseStreams } from './release-streams.ts';

/** HTTP/2 on the HTTP port, for connections that have chosen it in their handshake. */
export interface Http2Sessions {
  take(socket: TLSSocket): void;
  /** Takes no more calls on any of them (GOAWAY), and ends each when its calls are done. */
  close(): void;
  destroy(): void;
}

/** A connection without calls is closed after so long, as one of HTTP/1.1 is. */
const idleMillis = 65_000;

/** Takes connections that speak HTTP/2. Their requests come by Node's compatibility API, which is that of HTTP/1.1. */
export function createHttp2Sessions(
  options: RpcOptions,
  onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Http2Sessions {
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = createServer(
    {
      maxSessionMemory: options.sessionMemoryMebibytes,
      settings: {
        initialWindowSize: options.windowBytes,
        maxHeaderListSize: options.metadataMaxBytes,
        maxConcurrentStreams: options.maxConcurrentStreams,
      },
    },
    onRequest,
  );
  releaseStreams(server);
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(options.windowBytes);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
    closeWhenIdle(session, options.maxTimeoutMillis);
  });
  return {
    take: (socket) => void server.emit('connection', socket),
    close() {
      for (const session of sessions) session.close();
    },
    destroy() {
      for (const session of sessions) session.destroy();
    },
  };
}

/** A call on which nothing moves for `quietMillis` is ended as well. */
function closeWhenIdle(session: ServerHttp2Session, quietMillis: number): void {
  let calls = 0;
  session.on('stream', (stream) => {
    calls += 1;
    stream.setTimeout(quietMillis, () => stream.close());
    stream.once('close', () => {
      calls -= 1;
    });
  });
  session.setTimeout(idleMillis, () => {
    if (calls === 0) session.close();
  });
}
