/** An HTTP server that passes requests on to another, and spoils those that it is told to. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from './palate-process.ts';

/** What becomes of a request: an answer without asking, or the server's own answer cut off behind so many bytes. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  | { readonly kind: 'cut'; readonly afterBytes: number };

export interface FaultyHttp {
  /** `http://host:port` */
  readonly endpoint: string;
  /** How many requests came. */
  readonly requests: number;
  /** Spoils the next requests, one each. */
  spoil(...faults: readonly Fault[]): void;
}

/** Listens until the test is over. */
export async function startFaultyHttp(t: Scope, target: string): Promise<FaultyHttp> {
  const faults: Fault[] = [];
  let requests = 0;
  const server = createServer((from, to) => {
    requests += 1;
    const fault = faults.shift();
    if (fault?.kind === 'answer') answer(from, to, fault);
    else passOn(target, from, to, fault?.afterBytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (...more) => void faults.push(...more),
    get requests() {
      return requests;
    },
  };
}

function answer(from: IncomingMessage, to: ServerResponse, { status, body }: Fault & { kind: 'answer' }): void {
  from.resume();
  from.once('end', () => to.writeHead(status, { 'content-type': 'application/xml' }).end(body));
}

function passOn(target: string, from: IncomingMessage, to: ServerResponse, cutAfterBytes = Number.POSITIVE_INFINITY) {
  // The host is signed: it stays as it came.
  const onward = request(target, { method: from.method, path: from.url, headers: from.headers }, (answered) => {
    let bytes = 0;
    to.writeHead(answered.statusCode ?? 502, answered.headers);
    to.flushHeaders();
    answered.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes < cutAfterBytes) to.write(chunk);
      else to.destroy();
    });
    answered.once('end', () => to.end());
    answered.once('error', () => to.destroy());
  });
  onward.once('error', () => to.destroy());
  from.pipe(onward);
}
