/** A Palate server as a process of its own, for the demo, the benchmarks and the tests that need one. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerProcessOptions {
  readonly dataFolder: string;
  /** Take 50051 and 8080 where they are free. Otherwise, and where they are not, any free ports. */
  readonly preferredPorts?: boolean;
  /** More arguments of `palate serve`. */
  readonly args?: readonly string[];
  /** Arguments of `node` itself. */
  readonly nodeArgs?: readonly string[];
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the server's log lines of level warn and above go. */
  readonly stdout?: { write(text: string): unknown };
}

export interface RunningServer {
  /** `host:port` */
  readonly grpc: string;
  readonly http: string;
  readonly process: ChildProcess;
  /** The exit code, or 0 when a signal ended it. */
  readonly ended: Promise<number>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<number>;
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** As `npm start` does: as many threads help V8 as there are cores besides the server's own. */
const asStarted = '--v8-pool-size=0';

/** Starts a server and resolves when it serves. Rejects with its log when it ends before that. */
export async function startServer(options: ServerProcessOptions): Promise<RunningServer> {
  const [port, httpPort] = options.preferredPorts ? await preferredPorts() : [0, 0];
  const child = spawn(
    process.execPath,
    [
      asStarted,
      ...(options.nodeArgs ?? []),
      main,
      'serve',
      ...[
        '--data',
        options.dataFolder,
        '--port',
        String(port),
        '--http-port',
        String(httpPort),
        '--log-format',
        'json',
      ],
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...options.env } },
  );
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 0)));
  // A server outlives nobody who started it, however they ended.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.then(() => process.off('exit', kill));
  const address = await serving(child, ended, options.stdout);
  return {
    ...address,
    process: child,
    ended,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function preferredPorts(): Promise<[number, number]> {
  const free = await Promise.all([isFree(50_051), isFree(8_080)]);
  return free.every(Boolean) ? [50_051, 8_080] : [0, 0];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Reads the log until the line that says the server serves, and passes on what is a warning or worse. */
function serving(
  child: ChildProcess,
  ended: Promise<number>,
  stdout: ServerProcessOptions['stdout'],
): Promise<{ grpc: string; http: string }> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      const entry = parseLine(line);
      if (lines.length < 100) lines.push(line);
      if (entry?.message === 'serving') resolve({ grpc: entry.grpc, http: entry.http });
      else if (entry === undefined || entry.level === 'warn' || entry.level === 'error') stdout?.write(`${line}\n`);
    });
    void ended.then((code) => reject(new Error(`the server ended with code ${code}:\n${lines.join('\n')}`)));
  });
}

function parseLine(line: string): { level: string; message: string; grpc: string; http: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
