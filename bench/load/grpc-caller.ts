/**
 * Unary calls of one method over one connection, for a load that must not cost more than what it measures: a call is
 * one write of bytes prepared beforehand, an answer is not decoded.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  clientPreface,
  createFrameReader,
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
const noBytes = Buffer.alloc(0);

interface UnderWay {
  readonly answered: Answered;
  /** The first bytes of the answer's message, behind its five bytes of length. */
  message: Buffer;
  hasMessage: boolean;
}

/** Connects to `host:port`. `path`: as `/package.Service/Method`. */
export async function connectGrpcCaller(address: string, path: string): Promise<Caller<Uint8Array>> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  socket.write(clientPreface());
  const headers = requestHeaders(path, address);
  const connection = new Connection(socket);
  return {
    prepare: (message) => prepareCall(headers, message),
    call: (prepared, answered) => connection.call(prepared as PreparedCall, answered),
    close: () => socket.destroy(),
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

  constructor(socket: Socket) {
    this.#socket = socket;
    const read = createFrameReader((...parts) => this.#frame(...parts));
    socket.on('data', read);
    socket.on('error', () => this.#failAll());
    socket.on('close', () => this.#failAll());
  }

  call(call: PreparedCall, answered: Answered): void {
    if (this.#isClosed) answered(false, noBytes);
    else if (this.#underWay.size < maxUnderWay) this.#send(call, answered);
    else this.#waiting.push({ call, answered });
  }

  #send({ bytes, streamAt }: PreparedCall, answered: Answered): void {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#underWay.set(stream, { answered, message: noBytes, hasMessage: false });
    // The same request may still wait in the socket from before.
    const own = Buffer.from(bytes);
    for (const at of streamAt) own.writeUInt32BE(stream, at);
    this.#socket.write(own);
  }

  #frame(type: number, frameFlags: number, stream: number, payload: Buffer): void {
    if (type === frameTypes.settings && (frameFlags & flags.ack) === 0) {
      this.#socket.write(frame(frameTypes.settings, flags.ack, 0, noBytes));
    } else if (type === frameTypes.ping && (frameFlags & flags.ack) === 0) {
      this.#socket.write(frame(frameTypes.ping, flags.ack, 0, payload));
    } else if (type === frameTypes.data) {
      this.#data(stream, payload);
    }
    if (type === frameTypes.resetStream) this.#end(stream, false);
    else if ((type === frameTypes.data || type === frameTypes.headers) && (frameFlags & flags.endStream) !== 0) {
      this.#end(stream, true);
    }
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
  #end(stream: number, isWhole: boolean): void {
    const call = this.#underWay.get(stream);
    if (call === undefined) return;
    this.#underWay.delete(stream);
    call.answered(isWhole && call.hasMessage, call.message);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#send(next.call, next.answered);
  }

  #failAll(): void {
    this.#isClosed = true;
    const all = [...this.#underWay.values(), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting = [];
    for (const { answered } of all) answered(false, noBytes);
  }
}
