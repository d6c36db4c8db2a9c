/**
 * Wires what can be measured to `/metrics`. Parts are asked when a scrape comes; only what is over by then (how long a call took,
 * a group of the journal, what became of a photo) is counted as it happens, in the terms of the part.
 */
import type { Config } from '../config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { Shadow } from '../recommendation/shadow/shadow.ts';
import type { SnapshotSchedule } from '../recommendation/shadow/snapshot-schedule.ts';
import type { StateFeed } from '../recommendation/state-feed.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { observeCalls } from '../rpc/interceptors/observation.ts';
import type { Route } from '../rpc/server/route.ts';
import type { RpcServer } from '../rpc/server/rpc-server.ts';
import type { Log } from '../telemetry/log.ts';
import { CallTimes, callMetrics } from '../telemetry/metrics/call-times.ts';
import { Collections } from '../telemetry/metrics/collections.ts';
import { EventLoopDelay } from '../telemetry/metrics/event-loop.ts';
import { LagClock } from '../telemetry/metrics/lag-clock.ts';
import { MetricRegistry } from '../telemetry/metrics/metric-registry.ts';
import { processMetrics, readProcess } from '../telemetry/metrics/process-metrics.ts';
import { textFormat } from '../telemetry/metrics/text-format.ts';
import { callLog } from './call-log.ts';
import { IngestCounts, type IngestReadings, ingestMetrics } from './metrics/ingest.ts';
import { JournalWork, journalMetrics } from './metrics/journal.ts';
import { type MeshReadings, meshMetrics } from './metrics/mesh.ts';
import { type ModelReadings, modelMetrics } from './metrics/models.ts';
import { PhotoTimes, type ScoringReadings, scoringMetrics } from './metrics/scoring.ts';
import { type ServerReadings, serverMetrics } from './metrics/server.ts';
import { snapshotMetrics, stateMetrics } from './metrics/state.ts';
import { packageVersion } from './package-version.ts';

/** What is counted as it happens, and where everything is shown. */
export interface Meters {
  readonly registry: MetricRegistry;
  readonly journal: JournalWork;
  readonly ingest: IngestCounts;
  readonly photos: PhotoTimes;
}

export function createMeters(log: Log): Meters {
  const onUnreadable = (error: unknown) => log.warn({ error }, 'metrics of a part could not be read');
  return {
    registry: new MetricRegistry({ onUnreadable }),
    journal: new JournalWork(),
    ingest: new IngestCounts(),
    photos: new PhotoTimes(),
  };
}

/** What is to be started first, so that it sees everything. */
export function watchingParts(
  meters: Meters,
  config: Config,
  services: readonly BoundService[],
  log: Log,
): readonly Part[] {
  const calls = watchCalls(config, services, log);
  return config.metrics.enabled ? [measureProcess(meters), calls] : [calls];
}

/** The process as a whole, and its calls; measured from its start to its stop. */
function measureProcess({ registry }: Meters): Part {
  const loop = new EventLoopDelay();
  const collections = new Collections();
  const calls = new CallTimes();
  registry.add(processMetrics, () => readProcess({ loop, collections }));
  registry.add(callMetrics, () => calls);
  let forget = () => {};
  return {
    name: 'metrics',
    async start() {
      loop.start();
      collections.start();
      forget = observeCalls(calls.observe);
    },
    async stop() {
      forget();
      collections.stop();
      loop.stop();
    },
  };
}

/** Slow calls in the log, and all of them where it is to say everything. */
function watchCalls(config: Config, services: readonly BoundService[], log: Log): Part {
  const observer = callLog(config.log.slowCallMillis, services, log);
  let forget = () => {};
  return {
    name: 'log of calls',
    async start() {
      if (observer !== undefined) forget = observeCalls(observer);
    },
    stop: async () => forget(),
  };
}

export function measureServer(
  { registry }: Meters,
  { roles }: Config,
  parts: Pick<ServerReadings, 'health' | 'certificate'> & { readonly rpc: RpcServer; readonly log: Log },
): void {
  const version = packageVersion();
  const { rpc, log, ...rest } = parts;
  registry.add(serverMetrics, () => ({ ...rest, version, roles, open: rpc.counts(), log: log.counts }));
}

export function measureMesh({ registry }: Meters, read: () => MeshReadings): void {
  registry.add(meshMetrics, read);
}

export function measureJournal({ registry, journal: work }: Meters, config: Config, journal: Journal): void {
  const { maxPendingBytes } = config.journal;
  registry.add(journalMetrics, () => ({ status: journal.status(), maxPendingBytes, work }));
}

export function measureIngest({ registry, ingest: counts }: Meters, read: () => Omit<IngestReadings, 'counts'>): void {
  registry.add(ingestMetrics, () => ({ ...read(), counts }));
}

/** `journal`: absent where the state follows another process's, and knows itself how far it is behind. */
export function measureState({ registry }: Meters, feed: StateFeed, shadow: Shadow, journal?: Journal): void {
  const clock = new LagClock();
  journal?.onDurable((batches) => clock.reached(batches.at(-1)?.lastSequence ?? 0, performance.now()));
  registry.add(stateMetrics, () => {
    const { state } = feed;
    const status = feed.status();
    const lagMillis = status.following?.lagMillis ?? clock.lagMillis(state.sequence, performance.now());
    return { state, feed: status, lagMillis, shadowRequests: shadow.pending };
  });
}

export function measureSnapshots({ registry }: Meters, schedule: SnapshotSchedule): void {
  registry.add(snapshotMetrics, () => schedule.status);
}

export function measureScoring(
  { registry, photos }: Meters,
  models: () => ModelReadings,
  read: () => Promise<Omit<ScoringReadings, 'photos'>>,
): void {
  registry.add(modelMetrics, models);
  registry.add(scoringMetrics, async () => ({ ...(await read()), photos }));
}

/** The page `/metrics`, for GET and HEAD. */
export function metricsPages({ registry }: Meters, { metrics }: Config): Readonly<Record<string, Route>> {
  const serve: Route = async (request, response) => {
    const text = await registry.text();
    response.writeHead(200, {
      'content-type': textFormat,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  return metrics.enabled ? { '/metrics': serve } : {};
}
