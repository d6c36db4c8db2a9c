/** What becomes of LMDB's errors. */

import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPalateError, PalateError } from '../../errors.ts';
import type { EnvironmentLog } from './environment.ts';

/** Runs work on the store, and turns its errors into STORAGE_FULL and STORAGE_FAILED. Those of others pass as they are. */
export type Guarded = <Result>(work: () => Result | Promise<Result>) => Promise<Result>;

export interface GuardOptions {
  readonly folder: string;
  readonly log: EnvironmentLog;
  /** Has the next start begin anew. */
  readonly condemn: () => Promise<void>;
}

/** With less room a disk counts as full, in bytes: LMDB calls a write that was cut short an input/output error. */
const leastRoom = 1 << 20;
/** It is there at once, or never. */
const commitErrorMillis = 1_000;

/** The first of several failures in a row is logged. What LMDB finds damaged is condemned; a disk that refuses may recover. */
export function guard(options: GuardOptions): Guarded {
  let isFailing = false;
  return async (work) => {
    try {
      const result = await work();
      isFailing = false;
      return result;
    } catch (thrown) {
      if (!isOfStore(thrown)) throw thrown;
      const cause = await commitErrorOf(thrown);
      const isFirst = !isFailing;
      isFailing = true;
      throw await failureOf(cause, options, isFirst);
    }
  };
}

async function failureOf(cause: Error, { folder, log, condemn }: GuardOptions, isFirst: boolean): Promise<PalateError> {
  if (await isFull(folder)) {
    if (isFirst) log.warn({ folder, error: cause }, 'there is no room for the score records');
    return new PalateError('STORAGE_FULL', `there is no room for the score records in ${folder}`, { cause });
  }
  const isDamaged = /MDB_(?!MAP_FULL|TXN_FULL|READERS_FULL)/.test(cause.message);
  if (isDamaged) await condemn();
  const next = isDamaged
    ? 'the score records are damaged: the next start begins them anew'
    : 'the score records failed';
  if (isFirst) log.warn({ folder, error: cause }, next);
  return new PalateError('STORAGE_FAILED', `the score records in ${folder} could not be read or written`, { cause });
}

/** Its errors carry a number; those of a failed commit, which come in a promise, say so. */
function isOfStore(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error) || isPalateError(thrown)) return false;
  return typeof Reflect.get(thrown, 'code') === 'number' || /MDB_|Commit failed/.test(thrown.message);
}

/** Why a commit failed, which LMDB's binding tells in a promise that rejects. */
async function commitErrorOf(thrown: Error): Promise<Error> {
  try {
    await Promise.race([Reflect.get(thrown, 'commitError'), sleep(commitErrorMillis, undefined, { ref: false })]);
    return thrown;
  } catch (cause) {
    return cause instanceof Error ? cause : thrown;
  }
}

async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < leastRoom;
}
