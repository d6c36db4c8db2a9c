/** Puts the parts of a server together, by configuration and roles. It holds no logic of its own. */

import { join } from 'node:path';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { parsePlacement } from '../config/placements.ts';
import type { Config } from '../config.ts';
import { serveConsole } from '../console/console.ts';
import { createEventCheck } from '../events/checking.ts';
import { nowMicros } from '../events/timestamp.ts';
import { createDuplicates, recallDuplicates } from '../ingest/duplicates.ts';
import { createPublish } from '../ingest/publish.ts';
import { createIngestService } from '../ingest/service.ts';
import { watchJournal } from '../ingest/watch-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import { Lifecycle, type Part } from '../lifecycle.ts';
import { createState } from '../recommendation/fold/state.ts';
import { createRecommendationService } from '../recommendation/service.ts';
import { JournalFeed } from '../recommendation/state-feed.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { createHealthBoard, type HealthBoard } from '../rpc/health-board.ts';
import { refuseUntilReady } from '../rpc/readiness.ts';
import { createRpcServer, type RpcServer } from '../rpc/server/rpc-server.ts';
import type { Log } from '../telemetry/log.ts';
import { foldSettings, rpcOptions, sessionKnnSettings, sessionStanSettings } from './settings.ts';

export interface Assembly {
  readonly lifecycle: Lifecycle;
  readonly rpc: RpcServer;
}

/** The services of a process with the parts that carry them, in the order of their start. */
export interface Services {
  readonly services: readonly BoundService[];
  readonly parts: readonly Part[];
  readonly health: HealthBoard;
}

/** How often an idle subscription hears from the server, in milliseconds. */
const heartbeatMillis = 5_000;

/**
 * A server: the services of its roles on both ports. The ports listen first, so that health can be asked and a port in use is
 * told at once; the services answer when everything has started, and are drained before anything else.
 */
export async function assembleServer(config: Config, log: Log): Promise<Assembly> {
  const { services, parts, health } = await assembleServices(config, log);
  let isReady = false;
  const rpc = createRpcServer({
    host: config.host,
    port: config.port,
    httpPort: config.httpPort,
    services: services.map((bound) => refuseUntilReady(bound, () => isReady)),
    health,
    options: rpcOptions(config),
    log: log.child({ part: 'rpc' }),
    extraRoutes: { '/': serveConsole },
  });
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
  return { lifecycle: createLifecycle([ports, ...parts, serving], config, log), rpc };
}

/** Opens the journal and makes the services that the roles ask for. */
export async function assembleServices(config: Config, log: Log): Promise<Services> {
  const journal = await openJournal({
    folder: join(config.dataFolder, 'journal'),
    ...config.journal,
    log: log.child({ part: 'journal' }),
  });
  const health = createHealthBoard();
  const services: BoundService[] = [];
  const parts: Part[] = [{ name: 'journal', stop: () => journal.close() }];
  const feed = config.roles.includes('recommendation') ? createFeed(config, journal, health, log) : undefined;
  if (feed !== undefined) {
    services.push(recommendationService(config, feed, log));
    parts.push(feed);
  }
  if (config.roles.includes('ingest')) {
    const ingest = ingestRole(config, journal, feed, health);
    services.push(ingest.service);
    parts.push(...ingest.parts);
  }
  return { services, parts, health };
}

function createFeed(config: Config, journal: Journal, health: HealthBoard, log: Log): JournalFeed {
  // A state that stands still would go on answering from the past.
  const onFailure = () => health.set(RecommendationService.typeName, 'NOT_SERVING');
  return new JournalFeed({
    state: createState(foldSettings(config)),
    journal,
    onFailure,
    log: log.child({ part: 'state' }),
  });
}

function recommendationService(config: Config, feed: JournalFeed, log: Log): BoundService {
  return createRecommendationService({
    feed,
    placements: config.recommendation.placements,
    parsePlacement,
    onInvalidPlacement: (name, error) => log.warn({ placement: name, error }, 'a placement from an event is not valid'),
    sessionKnn: sessionKnnSettings(config),
    sessionStan: sessionStanSettings(config),
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a request on a stream failed'),
  });
}

function ingestRole(config: Config, journal: Journal, feed: JournalFeed | undefined, health: HealthBoard) {
  const { maxBatchEvents, maxEventBytes, maxFutureMillis, duplicateWindow, maxInFlightBatches, maxInFlightBytes } =
    config.ingest;
  const duplicates = createDuplicates(duplicateWindow);
  const check = createEventCheck({ maxEventBytes, maxFutureMicros: maxFutureMillis * 1_000 });
  const folded = feed === undefined ? undefined : (sequence: number) => feed.reached(sequence);
  const publish = createPublish({ journal, duplicates, check, maxBatchEvents, now: nowMicros, folded });
  const service = createIngestService({
    journal,
    publish,
    maxInFlightBatches,
    maxInFlightBytes,
    duplicateWindow,
    heartbeatMillis,
  });
  const recall: Part = { name: 'duplicates', start: () => recallDuplicates(journal, duplicates) };
  return { service, parts: [recall, watchJournal(journal, service.service.typeName, health)] };
}

export function createLifecycle(parts: readonly Part[], config: Config, log: Log): Lifecycle {
  return new Lifecycle(parts, {
    // The server's own bound comes first; this one holds should it fail.
    graceMillis: config.rpc.drainTimeoutMillis + 2_000,
    onError: (part, stage, error) => log.error({ part, stage, error }, 'a part did not stop well'),
  });
}
