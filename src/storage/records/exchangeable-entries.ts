/**
 * Entries whose file can be exchanged for a fresh one. LMDB leaves in its file what was removed, until something else happens
 * to be written there; what has to be gone is gone only when the file is.
 */

import { rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type Entries, openEntries } from './entries.ts';

/** Where things lie. */
export interface ExchangeFiles {
  readonly data: string;
  /** The fresh file, while it is written. */
  readonly fresh: string;
  /** There from before a removal until no trace of it is left. */
  readonly purging: string;
}

export interface ExchangeableEntries {
  /** Runs what reads, and is done with it within its turn. Waits while files are exchanged. */
  read<Result>(work: (entries: Entries) => Result): Promise<Result>;
  /** Runs what hands over its writes within its turn. Waits while the file is copied and exchanged. */
  write<Result>(work: (entries: Entries) => Result | Promise<Result>): Promise<Result>;
  /** Runs what removes, at its own pace; then nothing of it is in the file any more. One at a time. */
  purge<Result extends Removal>(work: (entries: Entries) => Promise<Result>): Promise<Result>;
  /** Copies what there is into a fresh file. */
  rewrite(): Promise<void>;
  /** Resolves with whether everything is on the disk; after a failed write that may not come. */
  close(): Promise<boolean>;
}

/** How many entries were removed. */
export interface Removal {
  readonly removed: number;
}

/** How long the disk may take at the end, in milliseconds. When a commit failed, the binding waits for it for ever. */
const closeMillis = 5_000;

/** Entries that are copied in one go. */
const entriesATurn = 500;

export function exchangeable(opened: Entries, files: ExchangeFiles): ExchangeableEntries {
  let entries = opened;
  /** While it is there, nothing is read, or nothing is written; it never rejects. */
  let unreadable: Promise<void> | undefined;
  let unwritable: Promise<void> | undefined;
  let purged: Promise<unknown> = Promise.resolve();
  /** Something was removed, and the file not yet exchanged. */
  let isUnfinished = false;

  async function swap(): Promise<void> {
    await entries.close();
    try {
      await rename(files.fresh, files.data);
      await rm(`${files.fresh}-lock`, { force: true });
    } finally {
      entries = openEntries(files.data);
    }
  }
  async function exchange(): Promise<void> {
    await copyInto(entries, files.fresh);
    const { promise, resolve } = Promise.withResolvers<void>();
    unreadable = promise;
    await swap().finally(() => {
      unreadable = undefined;
      resolve();
    });
  }
  async function rewrite(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    unwritable = promise;
    await exchange().finally(() => {
      unwritable = undefined;
      resolve();
    });
    isUnfinished = false;
    await rm(files.purging, { force: true });
  }
  async function purge<Result extends Removal>(work: (entries: Entries) => Promise<Result>): Promise<Result> {
    await writeFile(files.purging, '');
    const result = await work(entries);
    isUnfinished ||= result.removed > 0;
    if (isUnfinished) await rewrite();
    else await rm(files.purging);
    return result;
  }

  return {
    async read(work) {
      // Nothing may come between the look and the work.
      while (unreadable !== undefined) await unreadable;
      return work(entries);
    },
    async write(work) {
      while (unwritable !== undefined) await unwritable;
      return work(entries);
    },
    purge(work) {
      const next = purged.then(() => purge(work));
      purged = next.catch(() => {});
      return next;
    },
    rewrite,
    async close() {
      await purged;
      return (await settles(entries.flushed)) && settles(entries.close());
    },
  };
}

/** Whether it resolves in time. */
async function settles(work: PromiseLike<unknown>): Promise<boolean> {
  const late = new AbortController();
  const settled = Promise.resolve(work).then(
    () => true,
    () => false,
  );
  const isSettled = await Promise.race([settled, sleep(closeMillis, false, late)]);
  late.abort();
  return isSettled;
}

/** Waits for the writes that are under way, and copies everything. */
async function copyInto(entries: Entries, file: string): Promise<void> {
  await entries.committed;
  for (const each of [file, `${file}-lock`]) await rm(each, { force: true });
  const fresh = openEntries(file);
  for (let after: Buffer | undefined; ; ) {
    const range = after === undefined ? {} : { start: after, exclusiveStart: true };
    const some: { key: Buffer; value: Buffer }[] = [...entries.getRange({ ...range, limit: entriesATurn })];
    await Promise.all(some.map(({ key, value }) => fresh.put(key, value)));
    after = some.at(-1)?.key;
    if (after === undefined) break;
    await turn();
  }
  await fresh.flushed;
  await fresh.close();
}
