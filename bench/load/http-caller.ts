/**
 * HTTP/1.1 calls over a few connections that are kept, one call at a time on each: as cheap as `grpc-caller.ts`, so that
 * a peer is not measured by a dearer load than we are. Answers must carry a Content-Length.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answered, Caller } from './open-loop.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  /** JSON, or a JPEG. */
  readonly body?: string | Buffer;
}

const noBytes = Buffer.alloc(0);
const headEnd = Buffer.from('\r\n\r\n');

/** Opens `connections` to a URL such as `http://127.0.0.1:8080`. One that the server has closed is opened again. */
export async function connectHttpCaller(url: string, connections = 32): Promise<Caller<HttpRequest>> {
  const { hostname, port, host } = new URL(url);
  const idle: Connection[] = [];
  const waiting: { readonly bytes: Buffer; readonly answered: Answered }[] = [];
  const done = (connection: Connection): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else connection.call(next.bytes, next.answered);
  };
  const open = () => connect({ host: hostname, port: Number(port || 80), noDelay: true });
  const all = Array.from({ length: connections }, () => new Connection(open, done));
  await Promise.all(all.map((connection) => connection.opened()));
  idle.push(...all);
  return {
    prepare: (request) => encode(host, request),
    call(prepared, answered) {
      const connection = idle.pop();
      if (connection === undefined) waiting.push({ bytes: prepared as Buffer, answered });
      else connection.call(prepared as Buffer, answered);
    },
    close: () => {
      for (const connection of all) connection.close();
    },
  };
}

/** The whole answer's body, decoded from JSON. Rejects where the server refused. */
export function callJson(caller: Caller<HttpRequest>, request: HttpRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    caller.call(caller.prepare(request), (isOk, answer) => {
      if (isOk) resolve(JSON.parse(answer.toString()));
      else reject(new Error(`${request.method} ${request.path} was refused: ${answer.toString().slice(0, 200)}`));
    });
  });
}

function encode(host: string, { method, path, body = '' }: HttpRequest): Buffer {
  const bytes = Buffer.from(body);
  const what = typeof body === 'string' ? 'application/json' : 'image/jpeg';
  const type = bytes.length === 0 ? '' : `Content-Type: ${what}\r\n`;
  const length = method === 'POST' ? `Content-Length: ${bytes.length}\r\n` : '';
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}${length}\r\n`);
  return Buffer.concat([head, bytes]);
}

class Connection {
  readonly #open: () => Socket;
  readonly #done: (connection: Connection) => void;
  #socket: Socket | undefined;
  #answered: Answered | undefined;
  #received: Buffer = noBytes;

  constructor(open: () => Socket, done: (connection: Connection) => void) {
    this.#open = open;
    this.#done = done;
  }

  async opened(): Promise<void> {
    await once(this.#connect(), 'connect');
  }

  call(bytes: Buffer, answered: Answered): void {
    this.#answered = answered;
    (this.#socket ?? this.#connect()).write(bytes);
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = this.#open();
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => this.#lost());
    socket.on('close', () => this.#lost());
    return socket;
  }

  /** Nothing more is to come from it. */
  #forget(): void {
    this.#socket?.removeAllListeners().on('error', () => undefined);
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #lost(): void {
    this.#forget();
    this.#end(false, noBytes);
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const bodyAt = this.#received.indexOf(headEnd) + headEnd.length;
    if (bodyAt < headEnd.length) return;
    const head = this.#received.toString('latin1', 0, bodyAt);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    if (this.#received.length < bodyAt + length) return;
    const body = this.#received.subarray(bodyAt, bodyAt + length);
    this.#received = noBytes;
    if (/\r\nconnection: *close/i.test(head)) this.#forget();
    this.#end(/^HTTP\/1\.[01] 2/.test(head), body);
  }

  #end(isOk: boolean, body: Buffer): void {
    const answered = this.#answered;
    if (answered === undefined) return;
    this.#answered = undefined;
    answered(isOk, body);
    this.#done(this);
  }
}
