/** Photos as they come into a folder. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError } from '../errors.ts';
import { isImageName } from './image-files.ts';

/** How often the folder is looked at. Not `fs.watch`: it misses changes on network folders, and tells of files half written. */
const lookMillis = 300;

interface Seen {
  readonly size: number;
  readonly modifiedMillis: number;
}

/**
 * Gives each photo that comes into the folder, or changes there, once it has the same size and time at two looks: then it was
 * written whole. What lies there at the beginning comes first. Ends when the signal aborts.
 * @throws PalateError INPUT_UNREADABLE where the folder cannot be read
 */
export async function* watchFolder(folder: string, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const given = new Map<string, Seen>();
  let before = new Map<string, Seen>();
  while (!signal.aborted) {
    const now = await look(folder);
    for (const [name, seen] of now) {
      if (!isSame(before.get(name), seen) || isSame(given.get(name), seen)) continue;
      given.set(name, seen);
      yield join(folder, name);
    }
    for (const name of given.keys()) if (!now.has(name)) given.delete(name);
    before = now;
    await sleep(lookMillis, undefined, { signal }).catch(() => undefined);
  }
}

async function look(folder: string): Promise<Map<string, Seen>> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new PalateError('INPUT_UNREADABLE', `the folder ${folder} cannot be read`, { cause });
  });
  const found = new Map<string, Seen>();
  for (const name of names.filter(isImageName).sort()) {
    // It may be gone again.
    const file = await stat(join(folder, name)).catch(() => undefined);
    if (file?.isFile()) found.set(name, { size: file.size, modifiedMillis: file.mtimeMs });
  }
  return found;
}

function isSame(one: Seen | undefined, other: Seen): boolean {
  return one !== undefined && one.size === other.size && one.modifiedMillis === other.modifiedMillis;
}
