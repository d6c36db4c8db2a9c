/**
 * `npm run test:servers` first sees to the servers that its tests start: what is pinned is built into `.cache/` once, what
 * Debian has is installed where it is missing. It needs what go-install.ts needs.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installGoProgram } from './go-install.ts';

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/** An S3 server with signatures, over a folder. */
export const versitygw = {
  module: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
  file: join(cache, 'servers', 'versitygw-1.8.0'),
} as const;

if (import.meta.main) {
  ensureRedis();
  installGoProgram(versitygw.module, versitygw.file);
}

function ensureRedis(): void {
  if (spawnSync('redis-server', ['--version']).status === 0) return;
  console.log('installing redis-server');
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  for (const args of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', 'redis-server'],
  ]) {
    const [command = '', ...rest] = [...sudo, ...args];
    execFileSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}
