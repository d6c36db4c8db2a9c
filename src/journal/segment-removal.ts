import { join } from 'node:path';
import { errorCode } from '../files/system-error.ts';
import type { Disk } from './disk.ts';
import type { Segment } from './segment.ts';
import { parseSegmentName } from './segment-header.ts';
import { unfinished } from './segment-list.ts';

/** Removes one file after the other; each is gone for good before the next, so that a crash leaves no gap. */
export async function removeInOrder(disk: Disk, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await disk.remove(join(folder, name)).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    });
    await disk.syncFolder(folder);
  }
}

/**
 * The files of segments in the folder that do not belong to the journal: older generations, and those that were never
 * finished and could not be removed. What comes behind the last segment is left out: it is just being made.
 */
export async function strayNames(disk: Disk, folder: string, segments: readonly Segment[]): Promise<string[]> {
  const current = new Set(segments.map(({ path }) => path));
  const last = segments.at(-1)!.header.baseSequence;
  const isStray = (name: string) => {
    const finished = name.endsWith(unfinished) ? name.slice(0, -unfinished.length) : name;
    const base = parseSegmentName(finished)?.baseSequence;
    return base !== undefined && base <= last && !current.has(join(folder, name));
  };
  return (await disk.list(folder)).filter(isStray).sort();
}

/** Cuts off what a failed write left behind the end of a sealed segment. */
export async function trim(disk: Disk, { path, durableBytes }: Segment): Promise<void> {
  const file = await disk.open(path, 'write');
  try {
    if ((await file.size()) <= durableBytes) return;
    await file.truncate(durableBytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}
