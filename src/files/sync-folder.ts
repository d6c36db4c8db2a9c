/**
 * Makes names durable: fsync(2) on a folder returns when what was made, renamed and removed in it is on the disk. Windows has
 * no such call: there a name is as durable as NTFS's own log makes it.
 */

import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';

const isUnknown = process.platform === 'win32';

export async function syncFolder(path: string): Promise<void> {
  if (isUnknown) return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The same, for a thread that may wait. */
export function syncFolderNow(path: string): void {
  if (isUnknown) return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
