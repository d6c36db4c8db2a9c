import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerTls } from '../../access/server-certificate.ts';
import type { Part } from '../../lifecycle.ts';
import type { BoundService } from '../handlers.ts';
import { healthService } from '../health.ts';
import type { HealthBoard } from '../health-board.ts';
import { LiveCalls } from '../live-calls.ts';
import { type Log, silentLog } from '../log.ts';
import { defaultRpcOptions, type RpcOptions } from '../options.ts';
import { prepareMethod } from '../prepare.ts';
import { reflectionServices } from '../reflection.ts';
import { drainCalls } from './drain.ts';
import type { Gate } from './gate.ts';
import { createGrpcServer } from './grpc-server.ts';
import { createHttpPort } from './http-server.ts';
import type { Route } from './route.ts';

export interface RpcServerInit {
  readonly host: string;
  /** The gRPC port; 0 takes any that is free. */
  readonly port: number;
  /** The port of Connect, gRPC-Web, JSON and pages. */
  readonly httpPort: number;
  readonly services: readonly BoundService[];
  readonly health: HealthBoard;
  readonly options?: Partial<RpcOptions>;
  readonly log?: Log;
  /** More pages, by path, for GET and HEAD. */
  readonly extraRoutes?: Readonly<Record<string, Route>>;
  /** Absent: neither port speaks TLS. */
  readonly tls?: ServerTls | undefined;
}

/** The addresses that a server has bound, as `host:port`. */
export interface RpcAddress {
  readonly grpc: string;
  readonly http: string;
}

/** Both ports as one part of the process. */
export interface RpcServer extends Part {
  start(): Promise<void>;
  drain(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** Known once the server has started. */
  address(): RpcAddress;
  counts(): RpcCounts;
}

/** What is open now. */
export interface RpcCounts {
  readonly grpcConnections: number;
  readonly httpConnections: number;
  /** Calls under way, streams among them. */
  readonly calls: number;
}

/** Makes a server of both ports over one set of handlers. Health and reflection are added to the services. */
export function createRpcServer(init: RpcServerInit): RpcServer {
  const options: RpcOptions = { ...defaultRpcOptions, ...init.options };
  const log = init.log ?? silentLog;
  const draining = new AbortController();
  const gate: Gate = { options, calls: new LiveCalls(), draining: draining.signal };
  const own = [...init.services, healthService(init.health)];
  const services = [...own, ...reflectionServices(own.map(({ service }) => service))];
  const methods = services.flatMap((bound) => bound.methods.map((method) => prepareMethod(method, options)));
  const context = { gate, log };
  const { health, extraRoutes: routes = {}, tls } = init;
  const grpc = createGrpcServer(methods, context, tls);
  const http = createHttpPort({ methods, context, health, routes, tls });
  const ports = { grpc: 0, http: 0 };
  return {
    name: 'rpc server',
    async start() {
      ports.grpc = await grpc.listen(init.host, init.port);
      ports.http = await http.listen(init.host, init.httpPort);
    },
    async drain(signal) {
      init.health.close();
      await sleep(options.drainDelayMillis, undefined, { signal }).catch(() => {});
      draining.abort();
      grpc.close();
      http.close();
      await drainCalls(gate, options.drainMillis, signal);
    },
    async stop() {
      draining.abort();
      grpc.destroy();
      http.destroy();
    },
    counts: () => ({
      grpcConnections: grpc.connections(),
      httpConnections: http.connections(),
      calls: gate.calls.size,
    }),
    address: () => ({ grpc: hostPort(init.host, ports.grpc), http: hostPort(init.host, ports.http) }),
  };
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
