/** A TCP proxy between a client and a server, for tests of what a network does. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough, Transform } from 'node:stream';
import type { Scope } from './palate-process.ts';

export interface TcpProxy {
  /** `host:port` */
  readonly address: string;
  /** How many connections were made through it. */
  readonly connections: number;
  /** Where new connections go. */
  target: string;
  /** Breaks every connection that there is. */
  cut(): void;
  /** While it is closed, a new connection is broken at once. */
  isOpen: boolean;
  /** How late what the server says arrives. */
  delayMillis: number;
  /** From now on nothing passes the connections that there are, and nobody is told. */
  silence(): void;
}

/** Listens until the test is over. */
export async function startProxy(t: Scope, target: string): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = { target, isOpen: true, delayMillis: 0 };
  const server = createServer({ noDelay: true }, (inner) => {
    if (!proxy.isOpen) {
      inner.destroy();
      return;
    }
    connections += 1;
    const at = proxy.target.lastIndexOf(':');
    const [host, port] = [proxy.target.slice(0, at), Number(proxy.target.slice(at + 1))];
    const outer = connect({ host, port, noDelay: true });
    for (const [from, to, delayed] of [
      [inner, outer, new PassThrough()],
      [outer, inner, late(() => proxy.delayMillis)],
    ] as const) {
      sockets.add(from);
      from.pipe(delayed).pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  t.after(() => {
    cut();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    silence() {
      for (const socket of sockets) socket.unpipe();
    },
    get connections() {
      return connections;
    },
    set target(next) {
      proxy.target = next;
    },
    get target() {
      return proxy.target;
    },
    set isOpen(open) {
      proxy.isOpen = open;
    },
    get isOpen() {
      return proxy.isOpen;
    },
    set delayMillis(millis) {
      proxy.delayMillis = millis;
    },
    get delayMillis() {
      return proxy.delayMillis;
    },
  };
}

/** Passes each chunk on so late, in order, and any number at a time. */
function late(delayMillis: () => number): Transform {
  let lastDue = 0;
  let queue: Promise<unknown> = Promise.resolve();
  return new Transform({
    transform(chunk, _, done) {
      const now = performance.now();
      lastDue = Math.max(lastDue, now + delayMillis());
      if (lastDue <= now) {
        done(null, chunk);
        return;
      }
      const due = lastDue;
      queue = queue.then(() => new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now()))));
      queue.then(() => this.push(chunk)).catch(() => undefined);
      done();
    },
    flush: (done) => void queue.then(() => done()),
  });
}
