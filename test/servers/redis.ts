/** A real Redis, as Debian has it. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scope } from './palate-process.ts';
import { freePort, type ServerProgram, serverProgram } from './server-program.ts';

export interface RedisServer extends ServerProgram {
  readonly url: string;
  readonly port: number;
  /** Where it keeps its files. */
  readonly folder: string;
}

export interface RedisOptions {
  /** More arguments; by default it keeps nothing on the disk. */
  readonly args?: readonly string[];
}

const memoryOnly = ['--save', '', '--appendonly', 'no'];
/** The oldest that Palate is tested with; Debian 12 has 7.0.15. */
const leastMajor = 7;

/** Starts one that is gone when the test is over. */
export async function startRedis(t: Scope, { args = memoryOnly }: RedisOptions = {}): Promise<RedisServer> {
  await checkVersion();
  const folder = await mkdtemp(join(tmpdir(), 'palate-redis-'));
  const port = await freePort();
  const where = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const server = serverProgram({ command: 'redis-server', args: [...where, ...args], port });
  t.after(async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await server.start();
  return { ...server, url: `redis://127.0.0.1:${port}`, port, folder };
}

async function checkVersion(): Promise<void> {
  const { stdout } = await promisify(execFile)('redis-server', ['--version']).catch((cause: unknown) => {
    throw new Error('redis-server is needed on the PATH: apt-get install redis-server, or run .ci/run', { cause });
  });
  const [, major = ''] = /v=(\d+)\./.exec(stdout) ?? [];
  if (Number(major) < leastMajor) throw new Error(`Redis ${leastMajor} or newer is needed: ${stdout}`);
}
