/** Wires a process that follows the journal of another one: the services that its roles ask for, and the state. */
import { existsSync } from 'node:fs';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import { createFollower } from '../journal/follower/follower.ts';
import { createRemoteReader, type RemoteReader } from '../journal/follower/remote-reader.ts';
import type { Part } from '../lifecycle.ts';
import { createState } from '../recommendation/fold/state.ts';
import { beginWithSnapshot, forgetErased } from '../recommendation/following/begin-with-snapshot.ts';
import { followedStatus } from '../recommendation/following/followed-status.ts';
import { FollowingFeed, type FollowingFeedOptions } from '../recommendation/following/following-feed.ts';
import { watchFollowing } from '../recommendation/following/watch-following.ts';
import { SnapshotSchedule } from '../recommendation/shadow/snapshot-schedule.ts';
import type { Restored } from '../recommendation/snapshots/restore.ts';
import { createGrpcClient } from '../rpc/client/grpc-client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { createHealthBoard, type HealthBoard } from '../rpc/health-board.ts';
import type { Log } from '../telemetry/log.ts';
import { type Meters, measureSnapshots, measureState } from './assemble-metrics.ts';
import { createShadow, type PastParts } from './assemble-past.ts';
import { recommendationService, type Services, scoringRole } from './assemble-roles.ts';
import { foldSettings, journalFolder, snapshotFolder } from './settings.ts';

interface Snapshots {
  readonly onRestored: (restored: Restored) => void;
  /** The shadow fold lets go of its state, and of what it is writing. */
  readonly forget: () => Promise<void>;
}

interface FollowerParts {
  readonly feed: FollowingFeed;
  readonly past: Pick<PastParts, 'shadow'>;
  readonly parts: readonly Part[];
}

/** The services of a process that follows the journal of another one. */
export async function servicesOfFollower(config: Config, log: Log, meters: Meters): Promise<Services> {
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

/** The state and what goes with it: health, snapshots of its own, its past. All of them fold the same journal. */
function followerParts(config: Config, health: HealthBoard, log: Log, meters: Meters): FollowerParts {
  const { everyEvents, everyMillis } = config.recommendation.snapshots;
  const { follow } = config.journal;
  assertOwnFolder(config);
  const reader = createRemoteReader(follow, config.peers);
  const connection: Part = { name: 'connection to the owner', stop: async () => reader.close() };
  const forget = () => shadow.forget();
  const onRestored = ({ header, bytes }: Restored) => schedule.startedFrom(header.sequence, bytes);
  const feed = createFeed(config, reader, { onRestored, forget }, health, log);
  const watch = watchFollowing(feed, RecommendationService.typeName, health, log.child({ part: 'state' }));
  const journal = { status: () => followedStatus(feed) };
  const shadow = createShadow(config, { follow, connection: config.peers }, journal, feed, log);
  const schedule = new SnapshotSchedule({
    snapshot: (signal) => shadow.snapshot(signal),
    journal,
    everyEvents,
    everyMillis,
    log: log.child({ part: 'snapshots' }),
  });
  measureState(meters, feed, shadow);
  if (everyEvents > 0) measureSnapshots(meters, schedule);
  const parts = [connection, feed, watch, shadow];
  return { feed, past: { shadow }, parts: everyEvents > 0 ? [...parts, schedule] : parts };
}

/** Two that write snapshots into one folder would delete each other's. */
function assertOwnFolder(config: Config): void {
  if (!existsSync(journalFolder(config))) return;
  const message = `the data folder ${config.dataFolder} has a journal of its own: give a process that follows another with --data`;
  throw new PalateError('CONFIG_INVALID', message);
}

function createFeed(
  config: Config,
  reader: RemoteReader,
  snapshots: Snapshots,
  health: HealthBoard,
  log: Log,
): FollowingFeed {
  const { follow: address, maxLagEvents, maxLagMillis } = config.journal;
  return new FollowingFeed({
    follower: createFollower({ address, connection: config.peers, log: log.child({ part: 'journal' }) }),
    createState: () => createState(foldSettings(config)),
    maxLagEvents,
    maxLagMillis,
    log: log.child({ part: 'state' }),
    ...(config.recommendation.snapshots.everyEvents > 0 ? snapshotHooks(config, reader, snapshots, log) : {}),
    // A state that stands still would go on answering from the past.
    onFailure: () => health.set(RecommendationService.typeName, 'NOT_SERVING'),
  });
}

function snapshotHooks(
  config: Config,
  journal: RemoteReader,
  { onRestored, forget }: Snapshots,
  processLog: Log,
): Required<Pick<FollowingFeedOptions, 'restore' | 'onGeneration'>> {
  const log = processLog.child({ part: 'snapshots' });
  const folder = snapshotFolder(config);
  return {
    restore: (state, signal) => beginWithSnapshot(state, signal, { folder, journal, log, onRestored }),
    onGeneration(journalId, generation) {
      const forgotten = forget().then(() => forgetErased(folder, journalId, generation));
      forgotten.catch((error: unknown) =>
        log.error({ error }, 'snapshots of an earlier generation could not be deleted'),
      );
    },
  };
}
