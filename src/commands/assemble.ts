/** Puts the parts of a server together, by configuration and roles. It holds no logic of its own. */

import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Config } from '../config.ts';
import { serveConsole } from '../console/console.ts';
import { Lifecycle, type Part } from '../lifecycle.ts';
import { createHealthBoard } from '../rpc/health-board.ts';
import { refuseUntilReady } from '../rpc/readiness.ts';
import { createRpcServer, type RpcServer } from '../rpc/server/rpc-server.ts';
import type { Log } from '../telemetry/log.ts';
import { accessParts } from './assemble-access.ts';
import { servicesOfFollower } from './assemble-follower.ts';
import { meshParts } from './assemble-mesh.ts';
import { createMeters, measureServer, metricsPages, watchingParts } from './assemble-metrics.ts';
import { servicesOfOwner } from './assemble-owner.ts';
import type { Services } from './assemble-roles.ts';
import { rpcOptions } from './settings.ts';

export interface Assembly {
  readonly lifecycle: Lifecycle;
  readonly rpc: RpcServer;
}

/** How far the state has come, and whether the server is ready, is asked while it comes. */
const answeredAtOnce = [
  RecommendationService.method.getStateStatus,
  GRPCInferenceService.method.serverLive,
  GRPCInferenceService.method.serverReady,
  GRPCInferenceService.method.modelReady,
];

/**
 * A server: the services of its roles on both ports. The ports listen first, so that health can be asked and a port in use is
 * told at once; the services answer when everything has started, and are drained before anything else.
 */
export async function assembleServer(config: Config, log: Log): Promise<Assembly> {
  const access = await accessParts(config, log);
  const meters = createMeters(log.child({ part: 'metrics' }));
  const { services, parts, health } = await assembleServices(config, log, meters);
  const mesh = meshParts(config, services, health, meters, log);
  let isReady = false;
  const rpc = createRpcServer({
    host: config.host,
    port: config.port,
    httpPort: config.httpPort,
    services: [...services.map((bound) => refuseUntilReady(bound, () => isReady, answeredAtOnce)), ...mesh.services],
    health,
    options: { ...rpcOptions(config), authorize: access.authorize },
    tls: access.tls,
    log: log.child({ part: 'rpc' }),
    extraRoutes: { '/': serveConsole, ...metricsPages(meters, config) },
  });
  measureServer(meters, config, { health, rpc, log, certificate: access.tls });
  const watching = watchingParts(meters, config, [...services, ...mesh.services], log);
  for (const { service } of services) health.set(service.typeName, 'NOT_SERVING');
  const ports: Part = { name: 'ports', start: () => rpc.start(), stop: () => rpc.stop() };
  const serving: Part = {
    name: 'calls',
    async start() {
      isReady = true;
      for (const { service } of services) health.set(service.typeName, 'SERVING');
    },
    drain: (signal) => rpc.drain(signal),
  };
  return {
    lifecycle: createLifecycle([...watching, ...access.parts, ports, ...mesh.parts, ...parts, serving], config, log),
    rpc,
  };
}

/** Opens the journal, or follows that of another process, and makes the services that the roles ask for. */
export async function assembleServices(config: Config, log: Log, meters = createMeters(log)): Promise<Services> {
  if (config.roles.includes('edge')) return { services: [], parts: [], health: createHealthBoard() };
  const services = config.journal.follow === '' ? servicesOfOwner : servicesOfFollower;
  return services(config, log, meters);
}

export function createLifecycle(parts: readonly Part[], config: Config, log: Log): Lifecycle {
  return new Lifecycle(parts, {
    // The server's own bound comes first; this one holds should it fail.
    graceMillis: config.rpc.drainTimeoutMillis + 2_000,
    onError: (part, stage, error) => log.error({ part, stage, error }, 'a part did not stop well'),
  });
}
