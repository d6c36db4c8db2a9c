/** The files of a folder of snapshots. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PalateError } from '../../errors.ts';
import { errorCode } from '../../files/system-error.ts';
import { realDisk } from '../../journal/real-disk.ts';

/** A file by its name: it says of which state it should be, and nothing is believed before the file was read. */
export interface SnapshotFileName {
  readonly path: string;
  readonly name: string;
  readonly sequence: number;
  readonly generation: number;
}

const pattern = /^(\d{16})-(\d{8})\.snapshot$/;

/** Names sort as sequences do, and within one sequence as generations do. */
export function snapshotName(sequence: number, generation: number): string {
  return `${String(sequence).padStart(16, '0')}-${String(generation).padStart(8, '0')}.snapshot`;
}

/** The newest first; none where there is no such folder. Throws SNAPSHOT_FAILED where it cannot be read. */
export async function listSnapshots(folder: string): Promise<readonly SnapshotFileName[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (errorCode(cause) === 'ENOENT') return [];
    throw new PalateError('SNAPSHOT_FAILED', `the folder ${folder} cannot be read`, { cause });
  });
  return names
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match
        ? [{ path: join(folder, name), name, sequence: Number(match[1]), generation: Number(match[2]) }]
        : [];
    })
    .sort((a, b) => (a.name < b.name ? 1 : -1));
}

export async function makeSnapshotFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new PalateError('SNAPSHOT_FAILED', `the folder ${folder} cannot be made`, { cause });
  });
}

/**
 * Removes what is not among the newest `keep`, every snapshot of an older generation (it may hold what was erased), and
 * what a write that was cut short left behind. Answers the names removed.
 */
export async function pruneSnapshots(folder: string, keep: number, generation: number): Promise<readonly string[]> {
  const all = await listSnapshots(folder);
  const stays = new Set(all.filter((file) => file.generation >= generation).slice(0, keep));
  return remove(
    folder,
    all.filter((file) => !stays.has(file)).map(({ name }) => name),
  );
}

/** Removes every snapshot: something was erased, and each may hold it. Answers the names removed. */
export async function removeSnapshots(folder: string): Promise<readonly string[]> {
  return remove(
    folder,
    (await listSnapshots(folder)).map(({ name }) => name),
  );
}

async function remove(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const removed = [...names, ...(await unfinished(folder))];
  for (const name of removed) await rm(join(folder, name), { force: true });
  if (removed.length > 0) await realDisk.syncFolder(folder);
  return removed;
}

async function unfinished(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.new') && pattern.test(name.slice(0, -'.new'.length)));
}
