/** Programs written in Go, built into `.cache/` once. It needs Go of any version from 1.18, and the Go module proxy. Run, it prints which Go. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What builds them where the machine's own Go is older. */
const toolchain = { minor: 25, version: 'v0.0.1-go1.25.4' } as const;

/** Build tags and module settings of the caller's own projects are not for these. */
const goSettings = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' } as const;

if (import.meta.main) console.log(findGo());

/** Builds a module's command, `path@version`, into `file`, unless that is there. */
export function installGoProgram(module: string, file: string): void {
  if (existsSync(file)) return;
  console.log(`building ${module} into .cache/ (a minute or two, once)`);
  mkdirSync(dirname(file), { recursive: true });
  const built = mkdtempSync(`${file}-building-`);
  const env = { ...process.env, ...goSettings, GOBIN: built };
  execFileSync(findGo(), ['install', module], { stdio: ['ignore', 'ignore', 'inherit'], env });
  const [command] = readdirSync(built);
  renameSync(join(built, command ?? basename(file)), file);
  rmSync(built, { recursive: true });
}

/** The machine's own Go, or a newer one that its module proxy has. */
export function findGo(): string {
  const env = { ...process.env, ...goSettings };
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
