/** Wires what has to do with the state's past: snapshots, the shadow fold, retention. */
import type { Config } from '../config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { ShadowData } from '../recommendation/shadow/messages.ts';
import { createRetention } from '../recommendation/shadow/retention.ts';
import { Shadow } from '../recommendation/shadow/shadow.ts';
import { SnapshotSchedule } from '../recommendation/shadow/snapshot-schedule.ts';
import { startFromSnapshot } from '../recommendation/shadow/start-from-snapshot.ts';
import { removeSnapshots } from '../recommendation/snapshots/snapshot-folder.ts';
import type { JournalFeed, StateFeed } from '../recommendation/state-feed.ts';
import type { Log } from '../telemetry/log.ts';
import { type Meters, measureSnapshots, measureState } from './assemble-metrics.ts';
import { foldSettings, journalFolder, sessionKnnSettings, sessionStanSettings, snapshotFolder } from './settings.ts';

export interface PastParts {
  readonly shadow: Shadow;
  /** To be started before the state follows the journal, and after it. */
  readonly before: Part;
  readonly after: readonly Part[];
}

/** `isErasing`: whether records are needed that retention would drop. */
export function pastParts(
  config: Config,
  journal: Journal,
  feed: JournalFeed,
  isErasing: () => boolean,
  log: Log,
  meters: Meters,
): PastParts {
  const { everyEvents, everyMillis } = config.recommendation.snapshots;
  const shadow = createShadow(config, { folder: journalFolder(config) }, journal, feed, log);
  const snapshotLog = log.child({ part: 'snapshots' });
  const schedule = new SnapshotSchedule({
    snapshot: (signal) => shadow.snapshot(signal),
    afterSnapshot: retention(config, journal, shadow, isErasing, snapshotLog),
    journal,
    everyEvents,
    everyMillis,
    log: snapshotLog,
  });
  measureState(meters, feed, shadow, journal);
  const isOn = everyEvents > 0;
  if (isOn) measureSnapshots(meters, schedule);
  const before = startFromSnapshot({
    state: feed.state,
    folder: isOn ? snapshotFolder(config) : undefined,
    journal,
    onRestored: ({ header, bytes }) => schedule.startedFrom(header.sequence, bytes),
    log: snapshotLog,
  });
  return { shadow, before, after: isOn ? [shadow, schedule] : [shadow] };
}

/**
 * Deletes every snapshot, whatever its generation: `palate snapshot` may have written one from outside while the erasure
 * was half done.
 */
export async function removeSnapshotsOf(config: Config): Promise<void> {
  await removeSnapshots(snapshotFolder(config));
}

/** `source`: from where it folds what `journal` tells of. */
export function createShadow(
  config: Config,
  source: ShadowData['journal'],
  journal: Pick<Journal, 'status'>,
  feed: StateFeed,
  log: Log,
): Shadow {
  return new Shadow({
    data: {
      journal: source,
      snapshotFolder: snapshotFolder(config),
      keep: config.recommendation.snapshots.keep,
      fold: foldSettings(config),
      placements: config.recommendation.placements,
      sessionKnn: sessionKnnSettings(config),
      sessionStan: sessionStanSettings(config),
    },
    journal,
    feed,
    log: log.child({ part: 'shadow' }),
  });
}

function retention(config: Config, journal: Journal, shadow: Shadow, isErasing: () => boolean, log: Log) {
  return createRetention({
    journal,
    journalFolder: journalFolder(config),
    ...config.journal.retention,
    // A failed write leaves gaps between sequences: a tenth more makes up for them.
    keepRecords: Math.ceil(config.ingest.duplicateWindow * 1.1),
    isErasing,
    coveredThrough: (copies, signal) => shadow.coveredThrough(copies, signal),
    log,
  });
}
