/** A collector of traces in a process of its own, whose work counts for nobody: it takes what comes, and keeps nothing. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface TraceSink {
  /** `http://host:port` */
  readonly endpoint: string;
  /** Bytes of OTLP that have come so far. */
  bytes(): Promise<number>;
  stop(): void;
}

export async function startTraceSink(): Promise<TraceSink> {
  const child = fork(fileURLToPath(import.meta.url), ['listen']);
  const answer = async () => Number((await once(child, 'message'))[0]);
  const port = await answer();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bytes() {
      child.send('bytes');
      return answer();
    },
    stop: () => child.disconnect(),
  };
}

function listen(): void {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  });
  process.on('message', () => process.send?.(bytes));
  process.on('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

if (import.meta.main && process.argv[2] === 'listen') listen();
