/** Small files that are there whole or as they were, whatever happens in between. */

import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PalateError } from '../errors.ts';
import { syncFolder } from './sync-folder.ts';
import { errorCode, isNoRoom } from './system-error.ts';

/** Only the owner of the process may read it. */
const mode = 0o600;

/** Undefined: there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new PalateError('INPUT_UNREADABLE', `${path} cannot be read`, { cause: error });
  }
}

/**
 * Replaces a file's content. When it resolves, the new content is on the disk; a crash before leaves the old one.
 * Rejects with DATA_UNWRITABLE, STORAGE_FULL.
 */
export async function writeDurably(path: string, content: string): Promise<void> {
  try {
    const unfinished = `${path}.new`;
    const file = await open(unfinished, 'w', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw new PalateError(isNoRoom(error) ? 'STORAGE_FULL' : 'DATA_UNWRITABLE', `${path} cannot be written`, {
      cause: error,
    });
  }
}
