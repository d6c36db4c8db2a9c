import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `food-outputs.ts` with these arguments, and these variables beside those of this process. */
export async function runFood(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const script = fileURLToPath(new URL('food-outputs.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise, resolve } = Promise.withResolvers<Pick<Ended, 'code' | 'signal'>>();
  child.on('close', (code, signal) => resolve({ code, signal }));
  const [ended, stdout, stderr] = await Promise.all([promise, text(child.stdout), text(child.stderr)]);
  return { ...ended, stdout, stderr };
}
