/** Reads what `strace -f -xx -yy` writes: which thread began and finished which system call, in the order of time. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A call, and where in the trace it began and was over. */
export interface SystemCall {
  readonly name: string;
  /** What its first argument names: a file's path, or a socket. */
  readonly target: string;
  /** The bytes it was given, all buffers together. */
  readonly bytes: Buffer;
  /** Line numbers of the trace: what has a smaller one came earlier. */
  readonly begunAt: number;
  readonly doneAt: number;
  readonly result: string;
}

/** `123  write(4</a/file>, "\x41", 1) = 1`, whole or only its beginning. */
const beginning = /^(\d+) +(\w+)\((?:\d+<(.*?)>(?=[,)\s]))?(.*)$/;
const resumption = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/;
const unfinished = '<unfinished ...>';

/** Attaches to all threads of a process; `detach` gives the trace. Rejects where strace cannot be had. */
export async function traceSystemCalls(pid: number, names: readonly string[], file: string) {
  const options = ['-f', '-xx', '-yy', '-s', '1000000', '-o', file, '-e', `trace=${names.join(',')}`];
  const strace = spawn('strace', [...options, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  await attached(strace);
  return {
    async detach(): Promise<void> {
      strace.kill('SIGINT');
      await once(strace, 'exit');
    },
  };
}

function attached(strace: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    strace.once('error', (cause) =>
      reject(new Error(`strace is needed (Debian: strace): ${cause.message}`, { cause })),
    );
    strace.once('exit', () => reject(new Error(`strace could not attach: ${said.join('\n')}`)));
    createInterface({ input: strace.stderr! }).on('line', (line) => {
      said.push(line);
      if (/ attached\b/.test(line)) resolve();
    });
  });
}

/** The calls that finished, in the order in which they began. */
export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, { readonly text: string; readonly at: number }>();
  for (const [at, line] of text.split('\n').entries()) {
    const resumed = resumption.exec(line);
    const thread = (resumed ?? beginning.exec(line))?.[1];
    if (thread === undefined) continue;
    if (line.endsWith(unfinished)) {
      begun.set(thread, { text: line.slice(0, -unfinished.length), at });
    } else if (resumed === null) {
      calls.push(parseCall(line, at, at));
    } else {
      const start = begun.get(thread);
      if (start !== undefined) calls.push(parseCall(start.text + resumed[3], start.at, at));
      begun.delete(thread);
    }
  }
  return calls.sort((a, b) => a.begunAt - b.begunAt);
}

function parseCall(text: string, begunAt: number, doneAt: number): SystemCall {
  const [, , name = '', target = '', rest = ''] = beginning.exec(text) ?? [];
  const buffers = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, escaped]) => unescaped(escaped!));
  const result = rest.slice(rest.lastIndexOf('= ') + 2);
  return {
    name,
    // With -xx the path is escaped as well; a socket's addresses are not.
    target: target.startsWith('\\x') ? unescaped(target).toString() : target,
    bytes: Buffer.concat(buffers),
    begunAt,
    doneAt,
    result,
  };
}

function unescaped(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
