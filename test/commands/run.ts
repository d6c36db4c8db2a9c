/** Runs `palate` in this process and keeps what it wrote. */
import { tmpdir } from 'node:os';
import type { Entry } from '../../src/commands/registry.ts';
import { runPalate } from '../../src/commands/run-palate.ts';
import type { Output } from '../../src/commands/terminal.ts';
import type { Environment } from '../../src/config.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Environment;
  readonly entries?: readonly Entry[];
  readonly signal?: AbortSignal;
}

export async function run(args: readonly string[], { env = {}, entries, signal }: RunOptions = {}): Promise<Ran> {
  const [stdout, stderr] = [recorder(), recorder()];
  const code = await runPalate({
    args,
    env,
    stdin: { isTTY: false, async *[Symbol.asyncIterator]() {} },
    stdout,
    stderr,
    signal: signal ?? new AbortController().signal,
    folder: tmpdir(),
    ...(entries === undefined ? {} : { entries }),
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** An output that keeps what is written. */
export function recorder(options: { readonly isTTY?: boolean; readonly columns?: number } = {}) {
  const written: string[] = [];
  const output: Output = {
    write: (text) => written.push(text),
    isTTY: options.isTTY ?? false,
    columns: options.columns ?? 80,
  };
  return { ...output, text: () => written.join(''), writes: written };
}
