/** Wires what takes events in, and erases people. */

import type { Config } from '../config.ts';
import { createBatchChecks } from '../events/batch-check.ts';
import { nowMicros } from '../events/timestamp.ts';
import { createBacklog } from '../ingest/backlog.ts';
import type { DuplicateRecall } from '../ingest/duplicate-recall.ts';
import type { OtherCopies } from '../ingest/erasure/eraser.ts';
import { type Erasures, openErasures } from '../ingest/erasure/open-erasures.ts';
import type { MaskedUsers } from '../ingest/masked-users.ts';
import { createPublish } from '../ingest/publish.ts';
import { createIngestService } from '../ingest/service.ts';
import { createTenantBound } from '../ingest/tenant-bound.ts';
import { watchJournal } from '../ingest/watch-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { maskUser } from '../recommendation/erasure/masks.ts';
import { rebuildTenants } from '../recommendation/erasure/rebuild.ts';
import type { JournalFeed } from '../recommendation/state-feed.ts';
import type { HealthBoard } from '../rpc/health-board.ts';
import type { Log } from '../telemetry/log.ts';
import { type Meters, measureIngest } from './assemble-metrics.ts';
import { type PastParts, removeSnapshotsOf } from './assemble-past.ts';
import { followersAllowed } from './settings.ts';

/** How often an idle subscription hears from the server, in milliseconds. */
const heartbeatMillis = 5_000;
/** The same for a follower. */
const followerHeartbeatMillis = 1_000;

/** What is erased goes from the journal, and from the state, scores and photos where they are in this process. */
export function createErasures(
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

/** The service that takes events in, with the parts that carry it. */
export function ingestRole(
  config: Config,
  journal: Journal,
  feed: JournalFeed | undefined,
  erasures: Erasures,
  masked: MaskedUsers,
  recall: DuplicateRecall,
  health: HealthBoard,
  meters: Meters,
) {
  const { duplicateWindow, maxInFlightBatches, maxInFlightBytes } = config.ingest;
  const publish = wayOfBatches(config, journal, feed, erasures, recall, meters);
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

function wayOfBatches(
  config: Config,
  journal: Journal,
  feed: JournalFeed | undefined,
  erasures: Erasures,
  { duplicates }: DuplicateRecall,
  meters: Meters,
) {
  const { maxBatchEvents, maxEventBytes, maxFutureMillis, maxTenants } = config.ingest;
  return createPublish({
    journal,
    duplicates,
    check: createBatchChecks({ maxEventBytes, maxFutureMicros: maxFutureMillis * 1_000 }),
    maxBatchEvents,
    admitTenant: createTenantBound({ max: maxTenants, windows: duplicates, state: feed && tenantsOf(feed) }),
    now: nowMicros,
    folded: feed && ((sequence) => feed.reached(sequence)),
    erasures: erasures.gate,
    onAcknowledged: meters.ingest.acknowledged,
  });
}

/** The state may be swapped for another, so it is asked each time. */
function tenantsOf(feed: JournalFeed) {
  return {
    has: (tenant: string) => feed.state.tenant(tenant) !== undefined,
    count: () => feed.state.tenantNames().length,
  };
}
