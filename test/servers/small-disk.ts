/** A file system of its own that holds so much and no more. Needs root. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './palate-process.ts';

/** Mounts one in memory until the test is over. @returns its folder */
export async function smallDisk(t: Scope, mebibytes: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-disk-'));
  const options = ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'palate-disk', folder];
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' });
  assert.equal(status, 0, `this test mounts a tmpfs, for which it needs root: ${stderr ?? error?.message}`);
  t.after(() => {
    spawnSync('umount', ['-l', folder]);
    return rm(folder, { recursive: true });
  });
  return folder;
}
