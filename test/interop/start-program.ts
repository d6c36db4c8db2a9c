import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../servers/palate-process.ts';

/** Where a server of the tests listens, as `host:port`. */
export interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** Starts a server of this folder as a process of its own, and ends it when the test is over. */
export async function startProgram(t: Scope, file: string, args: readonly string[] = []): Promise<Addresses> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // It outlives nobody who started it, however they ended.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  t.after(async () => {
    process.off('exit', kill);
    kill();
    await ended;
  });
  const failed = ended.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
  failed.catch(() => undefined);
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed]);
  return JSON.parse(line);
}
