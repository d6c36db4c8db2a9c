/**
 * A process for a test to kill: it appends events that follow from their sequences, folds them, writes snapshots all the
 * time and drops what they cover. It prints what was acknowledged.
 */
import { writeSync } from 'node:fs';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { createRetention } from '../../../src/recommendation/shadow/retention.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { event } from '../fold/events.ts';
import { journalFolderOf, openShadow } from './shadow-fixture.ts';

/** So many events at most between two snapshots: who writes as fast as it goes leaves more behind with each round on a folder. */
const eventsPerSnapshot = 2_000;

/** The event of a sequence. */
export function eventAt(sequence: number): Event {
  const common = { visitor: `v${sequence % 11}`, session: `s${sequence % 50}`, at: sequence };
  return event('itemViewed', { itemId: `i${(sequence * sequence) % 37}` }, common);
}

if (import.meta.main) {
  const folder = process.argv[2]!;
  const open = await openShadow(folder, { segmentBytes: 8_192 });
  const signal = new AbortController().signal;
  const retain = createRetention({
    journal: open.journal,
    journalFolder: journalFolderOf(folder),
    maxAgeMillis: undefined,
    maxBytes: 30_000,
    keepRecords: 100,
    coveredThrough: (copies, stop) => open.shadow.coveredThrough(copies, stop),
    log: { ...silentLog, info: () => writeSync(1, 'dropped\n') },
  })!;
  let mayWriteThrough = 0;
  let goOn = Promise.withResolvers<void>();
  const write = async (): Promise<never> => {
    for (;;) {
      if (open.journal.status().lastSequence >= mayWriteThrough) await goOn.promise;
      const from = open.journal.status().lastSequence + 1;
      const last = await open.append(Array.from({ length: 20 }, (_, at) => eventAt(from + at)));
      writeSync(1, `${last}\n`);
    }
  };
  const keep = async (): Promise<never> => {
    for (;;) {
      mayWriteThrough = open.journal.status().lastSequence + eventsPerSnapshot;
      goOn.resolve();
      goOn = Promise.withResolvers();
      await open.shadow.snapshot(signal);
      await retain(signal);
    }
  };
  await Promise.all([write(), keep()]);
}
