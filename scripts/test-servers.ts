/**
 * `npm run test:servers` first sees to the servers that its tests start: what is pinned is built into `.cache/` once, what
 * Debian has is installed where it is missing. It needs Go of any version from 1.18, and the Go module proxy.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/** An S3 server with signatures, over a folder. */
export const versitygw = {
  module: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
  file: join(cache, 'servers', 'versitygw-1.8.0'),
} as const;

/** What builds it where the machine's own Go is older. */
const toolchain = { minor: 25, version: 'v0.0.1-go1.25.4' } as const;

if (import.meta.main) {
  ensureRedis();
  ensureVersitygw();
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

function ensureVersitygw(): void {
  if (existsSync(versitygw.file)) return;
  console.log(`building ${versitygw.module} into .cache/ (a minute or two, once)`);
  const built = join(cache, 'building');
  mkdirSync(join(cache, 'servers'), { recursive: true });
  // Build tags and module settings of the caller's own projects are not for this one.
  const env = { ...process.env, GOBIN: built, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
  execFileSync(goFor(env), ['install', versitygw.module], { stdio: ['ignore', 'ignore', 'inherit'], env });
  renameSync(join(built, 'versitygw'), versitygw.file);
  rmSync(built, { recursive: true });
}

/** The machine's own Go, or a newer one that its module proxy has. */
function goFor(env: NodeJS.ProcessEnv): string {
  const { stdout, error } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env });
  if (error !== undefined) throw new Error('go is needed on the PATH: apt-get install golang, or run .ci/run');
  const [, minor = '0'] = /go1\.(\d+)/.exec(stdout) ?? [];
  if (Number(minor) >= toolchain.minor) return 'go';
  const platform = `linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  const wanted = `golang.org/toolchain@${toolchain.version}.${platform}`;
  const answer = execFileSync('go', ['mod', 'download', '-json', wanted], { encoding: 'utf8', env });
  const { Dir: root } = JSON.parse(answer) as { Dir: string };
  makeExecutable(root);
  return join(root, 'bin', 'go');
}

/** Modules carry no permissions; newer versions of Go see to this themselves. */
function makeExecutable(root: string): void {
  for (const folder of [join(root, 'bin'), join(root, 'pkg', 'tool')]) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), 0o755);
    }
  }
}
