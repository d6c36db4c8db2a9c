/** A journal in a folder of its own, and a feed that folds it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, toBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { JournalFeed, type StateFeedOptions } from '../../src/recommendation/state-feed.ts';
import { silentLog } from '../../src/rpc/log.ts';
import { beginSeconds, eventOf, freshState } from './tenant-fixture.ts';

export interface OpenJournal {
  readonly journal: Journal;
  readonly folder: string;
  /** Appends events, waits until they are durable, and answers the last sequence. */
  append(events: readonly JsonObject[], tenant?: string): Promise<number>;
  appendBytes(...events: readonly Uint8Array[]): Promise<number>;
  close(): Promise<void>;
}

export async function openTemporaryJournal(): Promise<OpenJournal> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-feed-'));
  const journal = await openJournal({ folder, durability: 'os' });
  let count = 0;
  async function appendBytes(tenant: string, events: readonly Uint8Array[]): Promise<number> {
    const { durable, lastSequence } = journal.append({ tenant, trace: new Uint8Array(0), events });
    await durable;
    return lastSequence;
  }
  return {
    journal,
    folder,
    append: (events, tenant = '') =>
      appendBytes(
        tenant,
        events.map((json) => toBinary(EventSchema, eventOf(json, beginSeconds + ++count))),
      ),
    appendBytes: (...events) => appendBytes('', events),
    async close() {
      await journal.close();
      await rm(folder, { recursive: true });
    },
  };
}

export function feedOf({ journal }: OpenJournal, options: Partial<StateFeedOptions> = {}): JournalFeed {
  return new JournalFeed({ state: freshState(), journal, log: silentLog, ...options });
}
