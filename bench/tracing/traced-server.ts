/** A server that changes between ways of being traced, in a process of its own. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Cost, Order } from './orders.ts';

export interface TracedServer {
  /** `host:port` of its gRPC port. */
  readonly address: string;
  /** Resolves when it has done so, with what it has cost so far; or what this order cost, where it says so. */
  tell(order: Order): Promise<Cost>;
  stop(): Promise<void>;
}

/** Starts it over `dataFolder`; its traces are to go to `endpoint`. Rejects where it does not serve. */
export async function startTracedServer(dataFolder: string, endpoint: string): Promise<TracedServer> {
  const ports = ['--port', '0', '--http-port', '0', '--log-format', 'json', '--roles', 'ingest,recommendation'];
  const child = fork(
    fileURLToPath(new URL('./serve-traced.ts', import.meta.url)),
    ['serve', '--data', dataFolder, ...ports],
    {
      execArgv: ['--v8-pool-size=0'],
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  const ended = once(child, 'exit');
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const address = await Promise.race([addressOf(child), ended.then(([code]) => refuse(code))]);
  return {
    address,
    async tell(order) {
      child.send(order);
      const answer = once(child, 'message') as Promise<[Cost]>;
      const [cost] = await Promise.race([answer, ended.then(([code]) => refuse(code))]);
      return cost;
    },
    async stop() {
      child.disconnect();
      await ended;
      process.off('exit', kill);
    },
  };
}

function refuse(code: unknown): never {
  throw new Error(`the server ended with code ${code}`);
}

/** Reads its log until it serves; what is a warning or worse goes on. */
function addressOf({ stderr }: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  createInterface({ input: stderr! }).on('line', (line) => {
    const serving = /"grpc":"([^"]+)".*"message":"serving"/.exec(line)?.[1];
    if (serving !== undefined) resolve(serving);
    else if (!line.includes('"level":"info"')) process.stderr.write(`${line}\n`);
  });
  return promise;
}
