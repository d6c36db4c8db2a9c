/** A journal that takes erasures, without a state, in a folder of its own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { PublishRequestSchema } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { createBatchChecks } from '../../../src/events/batch-check.ts';
import { nowMicros } from '../../../src/events/timestamp.ts';
import { createDuplicates } from '../../../src/ingest/duplicates.ts';
import { type Erasures, type ErasuresOptions, openErasures } from '../../../src/ingest/erasure/open-erasures.ts';
import { type Acknowledgement, createPublish } from '../../../src/ingest/publish.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open-journal.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { event, freshEventId } from '../../events/event-samples.ts';

export interface Publishing {
  readonly journal: Journal;
  readonly erasures: Erasures;
  publish(...events: Event[]): Promise<Acknowledgement>;
  close(): Promise<void>;
}

type Options = Partial<Omit<ErasuresOptions, 'folder' | 'journal'>>;

const check = createBatchChecks({ maxEventBytes: 65_536, maxFutureMicros: 600e6 });

export async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'palate-erasure-'));
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

export async function openPublishing(folder: string, options: Options = {}): Promise<Publishing> {
  const journal = await openJournal({ folder: join(folder, 'journal'), durability: 'disk', segmentBytes: 65_536 });
  const erasures = await openErasures({ folder, journal, log: silentLog, ...options });
  await erasures.part.start?.();
  return {
    journal,
    erasures,
    publish: publisher(journal, erasures.gate),
    async close() {
      await erasures.part.stop?.();
      await journal.close();
    },
  };
}

export function publisher(journal: Journal, gate?: Erasures['gate']) {
  const duplicates = createDuplicates(1_000);
  const publish = createPublish({ journal, duplicates, check, maxBatchEvents: 1_000, now: nowMicros, erasures: gate });
  return (...events: Event[]) => {
    const bytes = toBinary(PublishRequestSchema, create(PublishRequestSchema, { events }));
    return publish({ bytes, tenant: '', trace: new Uint8Array(0) });
  };
}

export const viewed = (userId: string) =>
  event({ case: 'itemViewed', value: { itemId: 'a' } }, { userId, eventId: freshEventId() });
export const erase = (userId: string) => event({ case: 'userErased', value: {} }, { userId, eventId: freshEventId() });
