import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HealthBoard } from '../health-board.ts';
import type { PreparedMethod } from '../prepare.ts';
import { createConnectHandler } from './connect-handler.ts';
import type { ConnectContext } from './connect-routes.ts';
import { type Cors, createCors } from './cors.ts';
import { listen } from './listen.ts';
import { answerNotFound, sendJson } from './not-found.ts';
import { probes } from './probes.ts';
import type { Route } from './route.ts';

/** The HTTP port: Connect, gRPC-Web, JSON, probes, and what else is given. */
export interface HttpPort {
  /** Binds. Throws ADDRESS_IN_USE. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections, and ends each one after its answer. */
  close(): void;
  /** Cuts every connection. */
  destroy(): void;
}

export interface HttpServerInit {
  readonly methods: readonly PreparedMethod[];
  readonly context: ConnectContext;
  readonly health: HealthBoard;
  /** By path, for GET and HEAD: `/metrics`, `/`. */
  readonly routes: Readonly<Record<string, Route>>;
}

/** Makes the HTTP port of a server. */
export function createHttpPort(init: HttpServerInit): HttpPort {
  const { options, draining } = init.context.gate;
  const rpc = createConnectHandler(init.methods, init.context);
  const routes = new Map<string, Route>(Object.entries({ ...probes(init.health), ...init.routes }));
  const cors = createCors(options.corsOrigins);
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
      answer(request, response, cors, rpc, routes, init.context);
    },
  );
  return {
    async listen(host, port) {
      await listen(server, host, port);
      return (server.address() as AddressInfo).port;
    },
    close() {
      server.close();
      server.closeIdleConnections();
    },
    destroy() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  cors: Cors,
  rpc: ReturnType<typeof createConnectHandler>,
  routes: ReadonlyMap<string, Route>,
  { log }: ConnectContext,
): void {
  if (cors(request, response)) return;
  if (rpc(request, response)) return;
  const path = request.url?.split('?', 1)[0] ?? '/';
  const route = request.method === 'GET' || request.method === 'HEAD' ? routes.get(path) : undefined;
  if (route === undefined) {
    answerNotFound(request, response, path);
    return;
  }
  runRoute(route, request, response).catch((err: unknown) => {
    log.error({ err, path }, 'a page failed');
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, JSON.stringify({ code: 'internal', message: 'internal error' }));
  });
}

/** Makes a rejection of what a page throws at once. */
async function runRoute(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await route(request, response);
}
