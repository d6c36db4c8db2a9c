import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { allowAll } from '../../access/authorize.ts';
import type { ServerTls } from '../../access/server-certificate.ts';
import type { HealthBoard } from '../health-board.ts';
import type { PreparedMethod } from '../prepare.ts';
import { createConnectHandler } from './connect-handler.ts';
import type { ConnectContext } from './connect-routes.ts';
import { type Cors, createCors } from './cors.ts';
import type { Gate } from './gate.ts';
import { createHttp2Sessions, type Http2Sessions } from './http2-sessions.ts';
import { listen } from './listen.ts';
import { answerNotFound, sendJson } from './not-found.ts';
import { mayOpen } from './page-access.ts';
import { probes } from './probes.ts';
import type { Route } from './route.ts';
import { createTlsFront, trackSockets } from './tls-front.ts';

/** The HTTP port: Connect, gRPC-Web, JSON, probes, and what else is given. */
export interface HttpPort {
  /** Binds. Throws ADDRESS_IN_USE. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections, and ends each one after its answer. */
  close(): void;
  /** Cuts every connection. */
  destroy(): void;
  /** Open ones. */
  connections(): number;
}

export interface HttpServerInit {
  readonly methods: readonly PreparedMethod[];
  readonly context: ConnectContext;
  readonly health: HealthBoard;
  /** By path, for GET and HEAD: `/metrics`, `/`. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Absent: HTTP/1.1 without TLS. With it HTTP/2 too, as the other side chooses. */
  readonly tls?: ServerTls | undefined;
}

/** Makes the HTTP port of a server. */
export function createHttpPort(init: HttpServerInit): HttpPort {
  const { options, draining } = init.context.gate;
  const rpc = createConnectHandler(init.methods, init.context);
  const routes = new Map<string, Route>(Object.entries({ ...probes(init.health), ...init.routes }));
  const cors = createCors(options.corsOrigins);
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    answer(request, response, cors, rpc, routes, init.context);
  const server = createServer(
    {
      maxHeaderSize: options.metadataMaxBytes,
      headersTimeout: Math.min(10_000, options.maxTimeoutMillis),
      requestTimeout: options.maxTimeoutMillis,
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    (request, response) => {
      if (draining.aborted) response.setHeader('connection', 'close');
      onRequest(request, response);
    },
  );
  const { listener, http2 } = frontOf(server, init, onRequest);
  const sockets = trackSockets(listener);
  return {
    async listen(host, port) {
      await listen(listener, host, port);
      return (listener.address() as AddressInfo).port;
    },
    close() {
      listener.close();
      server.close();
      server.closeIdleConnections();
      http2?.close();
    },
    destroy() {
      listener.close();
      server.close();
      http2?.destroy();
      for (const socket of sockets) socket.destroy();
    },
    connections: () => sockets.size,
  };
}

/** What listens: the server of HTTP/1.1 itself, or TLS before it and one of HTTP/2. */
function frontOf(
  server: HttpServer,
  { tls, context }: HttpServerInit,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): { readonly listener: Server; readonly http2: Http2Sessions | undefined } {
  if (tls === undefined) return { listener: server, http2: undefined };
  // Node's compatibility API: the request and response of HTTP/2 have the methods of the others.
  const http2 = createHttp2Sessions(context.gate.options, onRequest as never);
  const listener = createTlsFront(tls, ['h2', 'http/1.1'], context.log, (socket) => {
    if (socket.alpnProtocol === 'h2') http2.take(socket);
    else server.emit('connection', socket);
  });
  // It keeps account of its connections, and of what takes too long on them, from this event on.
  listener.once('listening', () => server.emit('listening'));
  return { listener, http2 };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  cors: Cors,
  rpc: ReturnType<typeof createConnectHandler>,
  routes: ReadonlyMap<string, Route>,
  { log, gate }: ConnectContext,
): void {
  if (cors(request, response)) return;
  if (rpc(request, response)) return;
  const path = request.url?.split('?', 1)[0] ?? '/';
  const route = request.method === 'GET' || request.method === 'HEAD' ? routes.get(path) : undefined;
  if (route === undefined) {
    answerNotFound(request, response, path);
    return;
  }
  runRoute(route, request, response, path, gate).catch((err: unknown) => {
    log.error({ err, path }, 'a page failed');
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, JSON.stringify({ code: 'internal', message: 'internal error' }));
  });
}

/** Makes a rejection of what a page throws at once. */
async function runRoute(
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { options }: Gate,
): Promise<void> {
  if (options.authorize !== allowAll && !(await mayOpen(request, response, path, options.authorize))) return;
  await route(request, response);
}
