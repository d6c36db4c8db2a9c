/** The thread that recalls the ids of a journal's events, while another one folds them. */

import type { JournalReader } from '../journal/journal.ts';
import { openJournalForReading } from '../journal/open-journal-for-reading.ts';
import type { RecordBlock } from '../journal/record-block.ts';
import { goBehind } from '../threads/go-behind.ts';
import { handOver, serveRequests, type WorkerCall } from '../threads/serve-requests.ts';
import { beforeWindow } from './before-window.ts';
import { createDuplicates, type Duplicates } from './duplicates.ts';
import { IdNotes } from './id-notes.ts';
import type { Recalled, RecallTask } from './recall-thread.ts';

goBehind();
serveRequests({ recall });

async function recall(task: RecallTask, { signal }: WorkerCall) {
  const journal = await openJournalForReading({ folder: task.folder });
  const recalled = (await recallOfOne(journal, task, signal)) ?? (await recallOfAll(journal, task, signal));
  return handOver(
    recalled,
    recalled.windows.flatMap(([, { ids, slots }]) => [ids.buffer, slots.buffer]),
  );
}

/** Only the newest records. Undefined where they are of several tenants, and where nobody will know whether older ones are. */
async function recallOfOne(journal: JournalReader, task: RecallTask, signal: AbortSignal) {
  const { capacity, afterSequence, throughSequence, isOneTenantLikely } = task;
  const candidate = beforeWindow(1, throughSequence, throughSequence, capacity);
  if (!isOneTenantLikely || candidate <= afterSequence) return undefined;
  const duplicates = createDuplicates(capacity);
  const notes = new IdNotes(duplicates, candidate);
  await notes.noteThrough(throughSequence, whileOne(duplicates, read(journal, candidate, signal)));
  return duplicates.tenants > 1 ? undefined : recalledOf(duplicates, candidate, notes);
}

async function* whileOne(duplicates: Duplicates, blocks: AsyncIterable<RecordBlock>) {
  for await (const block of blocks) {
    if (duplicates.tenants > 1) return;
    yield block;
  }
}

async function recallOfAll(journal: JournalReader, task: RecallTask, signal: AbortSignal): Promise<Recalled> {
  const { capacity, afterSequence, throughSequence } = task;
  const needed = await firstNeeded(journal, task, signal);
  const duplicates = createDuplicates(capacity);
  const notes = new IdNotes(duplicates, needed);
  await notes.noteThrough(throughSequence, read(journal, needed, signal));
  return recalledOf(duplicates, afterSequence, notes);
}

function recalledOf(duplicates: Duplicates, afterSequence: number, { throughSequence }: IdNotes): Recalled {
  const windows = duplicates.all().map(([tenant, window]) => [tenant, window.release()] as const);
  return { afterSequence, throughSequence, windows };
}

/**
 * Up to which sequence no id is needed. Where one tenant has all events, its window begins near the end; to know that, they are
 * only passed over, which is half of the work.
 */
async function firstNeeded(journal: JournalReader, task: RecallTask, signal: AbortSignal): Promise<number> {
  const { afterSequence, throughSequence, capacity } = task;
  const candidate = beforeWindow(1, throughSequence, throughSequence, capacity);
  if (task.isOneTenantLikely || candidate <= afterSequence) return afterSequence;
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
