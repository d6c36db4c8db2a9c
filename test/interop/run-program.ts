import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs another program to its end, for which it has `timeout` milliseconds. Rejects, naming it, where it is not there. */
export async function runProgram(
  program: string,
  args: readonly string[],
  input = '',
  timeout = 60_000,
): Promise<Output> {
  const child = spawn(program, args, { timeout });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${program} is needed on the PATH: ${cause.message}`, { cause })));
    child.once('close', resolve);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [ended, stdout, stderr] = await Promise.all([code, text(child.stdout), text(child.stderr)]);
  return { code: ended, stdout, stderr };
}
