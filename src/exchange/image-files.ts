/** Photos in files and folders. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PalateError } from '../errors.ts';

/** Endings by which a file in a folder is taken for a photo. A file that is named itself is taken whatever its name. */
const endings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.heif', '.heic', '.gif', '.tif', '.tiff', '.bmp']);

/**
 * The photos that the paths name: a folder stands for those directly in it, by name.
 * Rejects with INPUT_UNREADABLE where there is no such path.
 */
export async function listImageFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(imagesAt));
  return found.flat();
}

async function imagesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => isImageName(entry.name) && !entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw new PalateError('INPUT_UNREADABLE', `${path} cannot be read`, { cause });
  }
}

/** Whether a name is that of a photo, and not of a hidden or unfinished file. */
export function isImageName(name: string): boolean {
  return !name.startsWith('.') && endings.has(extname(name).toLowerCase());
}

/** Rejects with INPUT_UNREADABLE. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new PalateError('INPUT_UNREADABLE', `${path} cannot be read`, { cause });
  }
}
