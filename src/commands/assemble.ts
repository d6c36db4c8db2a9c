/** Puts the parts of a server together, by configuration and roles. It holds no logic of its own. */

import { join } from 'node:path';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { parsePlacement } from '../config/placements.ts';
import type { Config } from '../config.ts';
import { serveConsole } from '../console/console.ts';
import { createBatchChecks } from '../events/batch-check.ts';
import { nowMicros } from '../events/timestamp.ts';
import { createBacklog } from '../ingest/backlog.ts';
import { beforeWindow, DuplicateRecall } from '../ingest/duplicate-recall.ts';
import { createDuplicates } from '../ingest/duplicates.ts';
import type { OtherCopies } from '../ingest/erasure/eraser.ts';
import { type Erasures, openErasures } from '../ingest/erasure/open-erasures.ts';
import { MaskedUsers } from '../ingest/masked-users.ts';
import { createPublish } from '../ingest/publish.ts';
import { createIngestService } from '../ingest/service.ts';
import { watchJournal } from '../ingest/watch-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import { Lifecycle, type Part } from '../lifecycle.ts';
import { maskUser } from '../recommendation/erasure/masks.ts';
import { rebuildTenants } from '../recommendation/erasure/rebuild.ts';
import { createState } from '../recommendation/fold/state.ts';
import { createRecommendationService } from '../recommendation/service.ts';
import { JournalFeed, type StateFeed } from '../recommendation/state-feed.ts';
import { createGrpcClient } from '../rpc/client/grpc-client.ts';
import { createMemoryClient } from '../rpc/client/memory-client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { createHealthBoard, type HealthBoard } from '../rpc/health-board.ts';
import { refuseUntilReady } from '../rpc/readiness.ts';
import { createRpcServer, type RpcServer } from '../rpc/server/rpc-server.ts';
import type { Log } from '../telemetry/log.ts';
import { accessParts } from './assemble-access.ts';
import { followerParts } from './assemble-follower.ts';
import { meshParts } from './assemble-mesh.ts';
import {
  createMeters,
  type Meters,
  measureIngest,
  measureJournal,
  measureServer,
  metricsPages,
  watchingParts,
} from './assemble-metrics.ts';
import { type PastParts, pastParts, removeSnapshotsOf } from './assemble-past.ts';
import type { ScoringNeighbours, ScoringParts } from './assemble-scoring.ts';
import { foldSettings, followersAllowed, rpcOptions, sessionKnnSettings, sessionStanSettings } from './settings.ts';

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
/** The same for a follower. */
const followerHeartbeatMillis = 1_000;

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
  const mesh = meshParts(config, services, health, log);
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

async function servicesOfFollower(config: Config, log: Log, meters: Meters): Promise<Services> {
  const health = createHealthBoard();
  const services: BoundService[] = [];
  const parts: Part[] = [];
  if (config.roles.includes('recommendation')) {
    const follower = followerParts(config, health, log, meters);
    services.push(recommendationService(config, follower.feed, log, follower.past));
    parts.push(...follower.parts);
  }
  if (config.roles.includes('scoring')) {
    const owner = createGrpcClient(IngestService, config.journal.follow, { connection: config.peers });
    const scoring = await scoringRole(config, { ingest: owner.call }, services, log, meters);
    services.push(scoring.service, scoring.inference);
    parts.unshift(scoring.early);
    parts.push({ name: 'connection for scores', stop: async () => owner.close() }, ...scoring.parts);
  }
  return { services, parts, health };
}

/** Loaded only where it runs: its libraries take their time. */
async function scoringRole(
  config: Config,
  source: Pick<ScoringNeighbours, 'ingest' | 'journal'>,
  services: readonly BoundService[],
  log: Log,
  meters: Meters,
): Promise<ScoringParts> {
  const { scoringParts } = await import('./assemble-scoring.ts');
  const bound = services.find(({ service }) => service === RecommendationService) as
    | BoundService<typeof RecommendationService>
    | undefined;
  const recommendation = bound && createMemoryClient(bound);
  return scoringParts(config, { ...source, recommendation }, log, meters);
}

async function servicesOfOwner(config: Config, log: Log, meters: Meters): Promise<Services> {
  const journal = await openJournal({
    folder: join(config.dataFolder, 'journal'),
    ...config.journal,
    log: log.child({ part: 'journal' }),
    watch: meters.journal,
  });
  measureJournal(meters, config, journal);
  const health = createHealthBoard();
  const services: BoundService[] = [];
  const parts: Part[] = [{ name: 'journal', stop: () => journal.close() }];
  const { duplicateWindow } = config.ingest;
  const recall = new DuplicateRecall(journal, createDuplicates(duplicateWindow), () => {
    if (feed === undefined) return 0;
    const { state } = feed;
    return beforeWindow(state.tenantNames().length, state.sequence, journal.status().durableSequence, duplicateWindow);
  });
  const feed = config.roles.includes('recommendation') ? createFeed(config, journal, recall, health, log) : undefined;
  const masked = new MaskedUsers();
  let erasures: Erasures | undefined;
  let scoring: ScoringParts | undefined;
  const past = feed && pastParts(config, journal, feed, () => erasures?.isBusy() ?? false, log, meters);
  if (config.roles.includes('ingest')) {
    const scores = { followJournal: async (signal: AbortSignal) => scoring?.forgetErased(signal) };
    erasures = await createErasures(config, journal, feed, past, masked, scores, log);
  }
  if (erasures !== undefined) parts.push(erasures.part);
  if (feed !== undefined && past !== undefined) {
    services.push(recommendationService(config, feed, log, past));
    parts.push(past.before, feed, ...past.after);
  }
  if (erasures !== undefined) {
    const ingest = ingestRole(config, journal, feed, erasures, masked, recall, health, meters);
    services.push(ingest.service);
    parts.push(...ingest.parts);
    if (config.roles.includes('scoring')) {
      scoring = await scoringRole(
        config,
        { ingest: createMemoryClient(ingest.service), journal },
        services,
        log,
        meters,
      );
      services.push(scoring.service, scoring.inference);
      // Models load in threads of their own, while the journal is folded.
      parts.splice(1, 0, scoring.early);
      parts.push(...scoring.parts);
    }
  }
  return { services, parts, health };
}

/** A process that takes events in recalls their ids while it replays them. */
function createFeed(
  config: Config,
  journal: Journal,
  recall: DuplicateRecall,
  health: HealthBoard,
  log: Log,
): JournalFeed {
  // A state that stands still would go on answering from the past.
  const onFailure = () => health.set(RecommendationService.typeName, 'NOT_SERVING');
  return new JournalFeed({
    state: createState(foldSettings(config)),
    journal: config.roles.includes('ingest') ? recall.beside(journal) : journal,
    onFailure,
    log: log.child({ part: 'state' }),
  });
}

/** What is erased goes from the journal, and from the state, scores and photos where they are in this process. */
function createErasures(
  config: Config,
  journal: Journal,
  feed: JournalFeed | undefined,
  past: PastParts | undefined,
  masked: MaskedUsers,
  scores: Pick<OtherCopies, 'followJournal'>,
  log: Log,
): Promise<Erasures> {
  const options = { folder: config.dataFolder, journal, log: log.child({ part: 'erasures' }) };
  const removeFiles = async () => {
    // First of all it must not write another.
    await past?.shadow.forget();
    await removeSnapshotsOf(config);
  };
  if (feed === undefined) {
    const mask = (tenant: string, userId: string) => masked.add({ tenant, userId });
    return openErasures({ ...options, mask, copies: { removeFiles, ...scores } });
  }
  return openErasures({
    ...options,
    mask(tenant, userId) {
      maskUser(feed.state.tenant(tenant), userId);
      masked.add({ tenant, userId });
    },
    copies: {
      removeFiles,
      ...scores,
      rebuildState: (tenants, generation, signal) => rebuildTenants({ feed, journal, tenants, generation, signal }),
    },
  });
}

function recommendationService(
  config: Config,
  feed: StateFeed,
  log: Log,
  past?: Pick<PastParts, 'shadow'>,
): BoundService {
  const shadow = past?.shadow;
  return createRecommendationService({
    feed,
    past: config.recommendation.timeTravel === 'allow' ? shadow : undefined,
    // A follower's digest tells of the state that answers, and no other.
    findDigest: shadow && config.journal.follow === '' ? (sequence, call) => shadow.digest(sequence, call) : undefined,
    placements: config.recommendation.placements,
    parsePlacement,
    onInvalidPlacement: (name, error) => log.warn({ placement: name, error }, 'a placement from an event is not valid'),
    sessionKnn: sessionKnnSettings(config),
    sessionStan: sessionStanSettings(config),
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a request on a stream failed'),
  });
}

function ingestRole(
  config: Config,
  journal: Journal,
  feed: JournalFeed | undefined,
  erasures: Erasures,
  masked: MaskedUsers,
  recall: DuplicateRecall,
  health: HealthBoard,
  meters: Meters,
) {
  const { maxBatchEvents, maxEventBytes, maxFutureMillis, duplicateWindow, maxInFlightBatches, maxInFlightBytes } =
    config.ingest;
  const { duplicates } = recall;
  const check = createBatchChecks({ maxEventBytes, maxFutureMicros: maxFutureMillis * 1_000 });
  const folded = feed === undefined ? undefined : (sequence: number) => feed.reached(sequence);
  const { gate } = erasures;
  const publish = createPublish({
    journal,
    duplicates,
    check,
    maxBatchEvents,
    now: nowMicros,
    folded,
    erasures: gate,
    onAcknowledged: meters.ingest.acknowledged,
  });
  const backlog = createBacklog(maxInFlightBytes);
  measureIngest(meters, () => {
    return { inFlightBytes: backlog.bytes, maxInFlightBytes, pendingErasures: erasures.pending() };
  });
  const service = createIngestService({
    journal,
    publish,
    maxInFlightBatches,
    backlog,
    duplicateWindow,
    pendingErasures: erasures.pending,
    masked,
    heartbeatMillis,
    followerHeartbeatMillis,
    allowFollowers: followersAllowed(config),
  });
  return { service, parts: [erasures.resumption, recall, watchJournal(journal, service.service.typeName, health)] };
}

export function createLifecycle(parts: readonly Part[], config: Config, log: Log): Lifecycle {
  return new Lifecycle(parts, {
    // The server's own bound comes first; this one holds should it fail.
    graceMillis: config.rpc.drainTimeoutMillis + 2_000,
    onError: (part, stage, error) => log.error({ part, stage, error }, 'a part did not stop well'),
  });
}
