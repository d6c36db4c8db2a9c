/** The thread that recalls the ids of a journal's events, while another one folds them. */

import type { JournalReader } from '../journal/journal.ts';
import { openJournalForReading } from '../journal/open-journal-for-reading.ts';
import type { RecordBlock } from '../journal/record-block.ts';
import { handOver, serveRequests, type WorkerCall } from '../threads/serve-requests.ts';
import { beforeWindow } from './before-window.ts';
import { createDuplicates } from './duplicates.ts';
import { IdNotes } from './id-notes.ts';
import type { Recalled, RecallTask } from './recall-thread.ts';

serveRequests({ recall });

async function recall(task: RecallTask, { signal }: WorkerCall) {
  const { folder, capacity, throughSequence } = task;
  const duplicates = createDuplicates(capacity);
  const journal = await openJournalForReading({ folder });
  const notes = new IdNotes(duplicates, await firstNeeded(journal, task, signal));
  await notes.noteThrough(throughSequence, read(journal, notes.throughSequence, signal));
  const windows = duplicates.all().map(([tenant, window]) => [tenant, window.release()] as const);
  const recalled: Recalled = { throughSequence: notes.throughSequence, windows };
  return handOver(
    recalled,
    windows.flatMap(([, { ids, slots }]) => [ids.buffer, slots.buffer]),
  );
}

/**
 * Up to which sequence no id is needed. Where one tenant has all events, its window begins near the end; to know that, they are
 * only passed over, which is half of the work.
 */
async function firstNeeded(journal: JournalReader, task: RecallTask, signal: AbortSignal): Promise<number> {
  const { afterSequence, throughSequence, capacity } = task;
  const candidate = beforeWindow(1, throughSequence, throughSequence, capacity);
  if (candidate <= afterSequence) return afterSequence;
  let tenant: string | undefined;
  for await (const block of read(journal, afterSequence, signal)) {
    tenant ??= block.tenant(0);
    for (let at = 0; at < block.length; at++) if (block.tenant(at) !== tenant) return afterSequence;
    if (block.sequence(block.length - 1) >= throughSequence) break;
  }
  return candidate;
}

/** The owner has said through which sequence all is durable: nothing is to be proven here. */
function read(journal: JournalReader, afterSequence: number, signal: AbortSignal): AsyncIterable<RecordBlock> {
  return journal.readBlocks({ afterSequence, signal, includeUnproven: true });
}
