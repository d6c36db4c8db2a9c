/**
 * Unary calls of one method over one connection, for a load that must not cost more than what it measures: a call is
 * one write of bytes prepared beforehand, from where they lie; answers are read into one buffer, and not decoded.
 */

import { once } from 'node:events';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { statusIn } from './grpc-status.ts';
import {
  clientPreface,
  createFrameReader,
  firstWindowBytes,
  flags,
  frame,
  frameTypes,
  type PreparedCall,
  prepareCall,
  requestHeaders,
} from './http2-frames.ts';
import type { Answered, Caller } from './open-loop.ts';

/** The server's own bound is 1,000 calls a connection; what is beyond this waits here, and its wait counts. */
const maxUnderWay = 900;
/** The connection's window is given back in such parts. */
const windowBytes = 1_048_576;
/** So much of the answers is read at a time. */
const readBytes = 65_536;
const noBytes = Buffer.alloc(0);

interface UnderWay {
  readonly answered: Answered;
  /** The first bytes of the answer's message, behind its five bytes of length. */
  message: Buffer;
  hasMessage: boolean;
}

export interface GrpcCallerOptions {
  /** Tells the status of calls that fail. The server keeps no table of headers then, as it does for other clients. */
  readonly readsStatus?: boolean;
  /** More headers of each call; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The authority of the server's certificate, which is for localhost. Default: no TLS. */
  readonly ca?: Buffer | undefined;
}

/**
 * Connects to `host:port`. `path`: as `/package.Service/Method`. A message larger than the receiver's window of a stream or
 * of a connection is never sent. What is prepared here is to be called here: its bytes are written into.
 */
export async function connectGrpcCaller(
  address: string,
  path: string,
  { readsStatus = false, headers: more = {}, ca }: GrpcCallerOptions = {},
): Promise<Caller<Uint8Array, PreparedCall>> {
  const [host = '', port = ''] = address.split(':');
  const open = (onread: OnReadOpts): Socket => {
    const where = { host, port: Number(port), noDelay: true, onread };
    if (ca === undefined) return connect(where);
    return connectTls({ ...where, ca, servername: 'localhost', ALPNProtocols: ['h2'] });
  };
  const connection = new Connection(open, readsStatus);
  await connection.opened(ca === undefined ? 'connect' : 'secureConnect');
  const headers = requestHeaders(path, address, more);
  return {
    prepare: (message) => prepareCall(headers, message),
    call: (prepared, answered) => connection.call(prepared, answered),
    close: () => connection.close(),
  };
}

class Connection {
  readonly #socket: Socket;
  readonly #underWay = new Map<number, UnderWay>();
  #waiting: { readonly call: PreparedCall; readonly answered: Answered }[] = [];
  #nextStream = 1;
  #isClosed = false;
  /** Bytes of messages since the connection's window was last given back. */
  #received = 0;
  /** Bytes of messages that the server takes at the moment. */
  #window = firstWindowBytes;
  readonly #readsStatus: boolean;

  constructor(open: (onread: OnReadOpts) => Socket, readsStatus: boolean) {
    this.#readsStatus = readsStatus;
    const read = createFrameReader((type, frameFlags, stream, payload) =>
      this.#frame(type, frameFlags, stream, payload),
    );
    const buffer = Buffer.allocUnsafe(readBytes);
    // Spares a buffer and the way through a Node stream for each read.
    const callback = (bytes: number): boolean => {
      read(buffer.subarray(0, bytes));
      return true;
    };
    this.#socket = open({ buffer, callback });
    this.#socket.on('error', () => this.#failAll());
    this.#socket.on('close', () => this.#failAll());
  }

  /** Resolves when calls can be made. `event`: the socket's. */
  async opened(event: string): Promise<void> {
    await once(this.#socket, event);
    this.#socket.write(clientPreface(this.#readsStatus));
  }

  close(): void {
    this.#socket.destroy();
  }

  call(call: PreparedCall, answered: Answered): void {
    if (this.#isClosed) {
      answered(false, noBytes);
      return;
    }
    this.#waiting.push({ call, answered });
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#underWay.size >= maxUnderWay || next.call.dataBytes > this.#window) return;
      this.#waiting.shift();
      this.#send(next.call, next.answered);
    }
  }

  #send({ bytes, streamAt, dataBytes, stamp }: PreparedCall, answered: Answered): void {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#window -= dataBytes;
    this.#underWay.set(stream, { answered, message: noBytes, hasMessage: false });
    // Only while nothing waits in the socket: it may be the same request, from before.
    const own = this.#socket.writableLength === 0 ? bytes : Buffer.from(bytes);
    for (const at of streamAt) own.writeUInt32BE(stream, at);
    stamp?.(own);
    this.#socket.write(own);
  }

  #frame(type: number, frameFlags: number, stream: number, payload: Buffer): void {
    if (type === frameTypes.settings && (frameFlags & flags.ack) === 0) {
      this.#socket.write(frame(frameTypes.settings, flags.ack, 0, noBytes));
    } else if (type === frameTypes.ping && (frameFlags & flags.ack) === 0) {
      this.#socket.write(frame(frameTypes.ping, flags.ack, 0, payload));
    } else if (type === frameTypes.windowUpdate && stream === 0) {
      this.#window += payload.readUInt32BE(0) & 0x7fff_ffff;
      this.#sendWaiting();
    } else if (type === frameTypes.data) {
      this.#data(stream, payload);
    }
    if (type === frameTypes.resetStream) this.#end(stream, false);
    else if (type === frameTypes.data && (frameFlags & flags.endStream) !== 0) this.#end(stream, true);
    else if (type === frameTypes.headers && (frameFlags & flags.endStream) !== 0) this.#end(stream, true, payload);
  }

  /** Gives the connection its window back, and keeps the beginning of the message. */
  #data(stream: number, payload: Buffer): void {
    const call = this.#underWay.get(stream);
    if (call !== undefined && !call.hasMessage && payload.length > 5) {
      call.hasMessage = true;
      call.message = Buffer.from(payload.subarray(5));
    } else if (call !== undefined && payload.length === 5) {
      call.hasMessage = true;
    }
    this.#received += payload.length;
    if (this.#received < windowBytes) return;
    const more = Buffer.alloc(4);
    more.writeUInt32BE(this.#received, 0);
    this.#received = 0;
    this.#socket.write(frame(frameTypes.windowUpdate, 0, 0, more));
  }

  /** A unary call that fails has headers alone. */
  #end(stream: number, isWhole: boolean, trailers: Buffer = noBytes): void {
    const call = this.#underWay.get(stream);
    if (call === undefined) return;
    this.#underWay.delete(stream);
    const isOk = isWhole && call.hasMessage;
    call.answered(isOk, call.message, isOk || !this.#readsStatus ? undefined : statusIn(trailers));
    this.#sendWaiting();
  }

  #failAll(): void {
    this.#isClosed = true;
    const all = [...this.#underWay.values(), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting = [];
    for (const { answered } of all) answered(false, noBytes);
  }
}
