import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError } from '../../errors.ts';
import type { JournalReader } from '../../journal/journal.ts';
import { realDisk } from '../../journal/real-disk.ts';
import type { Log } from '../../rpc/log.ts';
import type { State } from '../fold/state.ts';
import { readSnapshotHeader } from '../snapshots/read-snapshot.ts';
import { type Restored, restoreNewest } from '../snapshots/restore.ts';
import { listSnapshots } from '../snapshots/snapshot-folder.ts';
import type { FoldedBefore } from './folding.ts';

export interface BeginOptions {
  /** With snapshots of one's own, or copied from the journal's owner. */
  readonly folder: string;
  /** Asked whether a snapshot is of this journal and its generation. */
  readonly journal: Pick<JournalReader, 'status' | 'read'>;
  readonly log: Log;
  readonly onRestored?: (restored: Restored) => void;
  /** How often an owner that does not answer is asked. */
  readonly retryMillis?: number;
}

/**
 * Gives an empty state the newest snapshot in the folder that is good, and deletes those of earlier generations of its
 * journal. Undefined: there was none. Waits for the journal's owner, unless the folder is empty.
 */
export async function beginWithSnapshot(
  state: State,
  signal: AbortSignal,
  { folder, journal, log, onRestored, retryMillis = 500 }: BeginOptions,
): Promise<FoldedBefore | undefined> {
  if ((await listSnapshots(folder)).length === 0) return undefined;
  const status = await statusOf(journal, signal, retryMillis);
  await forgetErased(folder, status.journalId, status.generation);
  const restored = await restoreNewest(state, {
    folder,
    journal: { status: () => status, read: (options) => journal.read({ ...options, signal }) },
    signal,
    onUnusable: (snapshot, error) => log.warn({ snapshot, error }, 'a snapshot is not used'),
  });
  if (restored === undefined) return undefined;
  onRestored?.(restored);
  const { header, name: snapshot, bytes, millis } = restored;
  const { sequence, journalId, generation, records } = header;
  log.info({ snapshot, sequence, bytes, millis: Math.round(millis) }, 'the state begins with a snapshot');
  return { journalId, generation, records };
}

/** Deletes the snapshots of a journal's earlier generations: they may hold what was erased since. */
export async function forgetErased(folder: string, journalId: string, generation: number): Promise<void> {
  const older = (await listSnapshots(folder)).filter((file) => file.generation < generation);
  for (const { path } of older) {
    const header = await readSnapshotHeader(path).catch(() => undefined);
    if (header?.journalId === journalId) await rm(path, { force: true });
  }
  if (older.length > 0) await realDisk.syncFolder(folder);
}

async function statusOf(journal: BeginOptions['journal'], signal: AbortSignal, retryMillis: number) {
  for (;;) {
    try {
      return await journal.status();
    } catch (thrown) {
      const error = PalateError.from(thrown);
      if (error.retryAfterMillis === undefined) throw error;
      await sleep(retryMillis, undefined, { signal });
    }
  }
}
