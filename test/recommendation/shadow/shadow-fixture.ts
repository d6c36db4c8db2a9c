/** A journal in a folder, a state that follows it, and its shadow, with a service over both. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { defaultPlacements, parsePlacement } from '../../../src/config/placements.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { defaultFoldSettings, type FoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import { createRecommendationService } from '../../../src/recommendation/service.ts';
import type { ShadowData } from '../../../src/recommendation/shadow/messages.ts';
import { Shadow } from '../../../src/recommendation/shadow/shadow.ts';
import { startFromSnapshot } from '../../../src/recommendation/shadow/start-from-snapshot.ts';
import type { Restored } from '../../../src/recommendation/snapshots/restore.ts';
import { JournalFeed } from '../../../src/recommendation/state-feed.ts';
import { defaultSessionKnnSettings } from '../../../src/recommendation/strategies/neighbours.ts';
import { defaultSessionStanSettings } from '../../../src/recommendation/strategies/session-stan.ts';
import type { Client } from '../../../src/rpc/client/client.ts';
import { createMemoryClient } from '../../../src/rpc/client/memory-client.ts';
import { silentLog } from '../../../src/rpc/log.ts';

export interface OpenShadow {
  readonly folder: string;
  readonly data: ShadowData;
  readonly journal: Journal;
  readonly feed: JournalFeed;
  readonly shadow: Shadow;
  readonly restored: Restored | undefined;
  readonly client: Client<typeof RecommendationService>;
  /** Names of snapshots that were passed over. */
  readonly unusable: readonly string[];
  /** Appends, waits until it is folded, and answers the last sequence. */
  append(events: readonly Event[], tenant?: string): Promise<number>;
  /** Keeps the folder. */
  close(): Promise<void>;
}

export interface ShadowFixtureOptions {
  readonly settings?: Partial<FoldSettings>;
  readonly maxPending?: number;
  readonly segmentBytes?: number;
}

export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'palate-shadow-'));
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true });
}

export function journalFolderOf(folder: string): string {
  return join(folder, 'journal');
}

/** As a server starts: the journal, the newest snapshot, the tail. */
export async function openShadow(folder: string, options: ShadowFixtureOptions = {}): Promise<OpenShadow> {
  const { maxPending, segmentBytes = 1_048_576 } = options;
  const data: ShadowData = {
    journal: { folder: journalFolderOf(folder) },
    snapshotFolder: join(folder, 'snapshots'),
    keep: 2,
    fold: { ...defaultFoldSettings, ...options.settings },
    placements: defaultPlacements,
    sessionKnn: defaultSessionKnnSettings,
    sessionStan: defaultSessionStanSettings,
  };
  const journal = await openJournal({ folder: journalFolderOf(folder), durability: 'disk', segmentBytes });
  const unusable: string[] = [];
  let restored: Restored | undefined;
  const feed = new JournalFeed({ state: createState(data.fold), journal, log: silentLog });
  const log = { ...silentLog, warn: (fields: object) => unusable.push(Reflect.get(fields, 'snapshot')) };
  const onRestored = (from: Restored) => {
    restored = from;
  };
  const shadow = new Shadow({ data, journal, feed, log, ...(maxPending === undefined ? {} : { maxPending }) });
  const service = createRecommendationService({
    feed,
    parsePlacement,
    past: shadow,
    findDigest: (sequence, call) => shadow.digest(sequence, call),
    onHidden: () => undefined,
  });
  async function close(): Promise<void> {
    await shadow.stop();
    await feed.stop();
    await journal.close();
  }
  try {
    await startFromSnapshot({ state: feed.state, folder: data.snapshotFolder, journal, onRestored, log }).start?.();
    await feed.start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    folder,
    data,
    journal,
    feed,
    shadow,
    restored,
    client: createMemoryClient(service),
    unusable,
    async append(events, tenant = '') {
      const bytes = events.map((one) => toBinary(EventSchema, one));
      const { durable, lastSequence } = journal.append({ tenant, trace: new Uint8Array(0), events: bytes });
      await durable;
      await feed.reached(lastSequence);
      return lastSequence;
    },
    close,
  };
}
