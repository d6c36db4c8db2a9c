/** Palate servers for tests: each a process of its own, on free ports, over a folder of its own. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type RunningServer, startServer } from '../../scripts/server-process.ts';

/** A test, or `{ after }` of node:test for a whole file. */
export interface Scope {
  after(release: () => void | Promise<void>): void;
}

export interface ServedPalate extends RunningServer {
  readonly dataFolder: string;
  /** The lines of level warn and above, and those that are no log lines, so far. */
  readonly complaints: readonly string[];
}

export interface ServeOptions {
  /** Default: a new one. */
  readonly dataFolder?: string;
  /** More arguments of `palate serve`. Unless they name roles, scoring is not among them: its models take a second to load. */
  readonly args?: readonly string[];
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A slow call tells of a busy machine, which is no complaint; `args` may say otherwise. */
const patience = ['--set', 'log.slowCall=1m'];
const rolesWithoutModels = ['--roles', 'ingest,recommendation'];

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** A folder that is gone when the test is over. */
export async function temporaryFolder(t: Scope): Promise<string> {
  const { folder, remove } = await makeFolder();
  t.after(remove);
  return folder;
}

/** Starts a server, and kills it when the test is over. */
export async function servePalate(
  t: Scope,
  { dataFolder, args = [], env = {} }: ServeOptions = {},
): Promise<ServedPalate> {
  const own = dataFolder === undefined ? await makeFolder() : undefined;
  const folder = dataFolder ?? join(own!.folder, 'data');
  const complaints: string[] = [];
  const stdout = { write: (line: string) => complaints.push(line) };
  const roles = args.includes('--roles') ? [] : rolesWithoutModels;
  const server = await startServer({ dataFolder: folder, args: [...patience, ...roles, ...args], env, stdout });
  // One hook for both: node:test runs them in the order in which they were given.
  t.after(async () => {
    await kill(server);
    await own?.remove();
  });
  return { ...server, dataFolder: folder, complaints };
}

async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'palate-test-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** SIGKILL, and waits for the end. */
export async function kill({ process, ended }: RunningServer): Promise<void> {
  process.kill('SIGKILL');
  await ended;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `palate` with a command that is to end by itself. */
export async function runPalate(args: readonly string[], { uid }: { readonly uid?: number } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** Resolves when the condition holds; fails after the bound. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMillis = 10_000,
): Promise<void> {
  const end = Date.now() + boundMillis;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `not within ${boundMillis} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
