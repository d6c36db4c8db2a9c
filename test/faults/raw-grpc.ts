/** gRPC by hand over `node:http2`, for what no library would send. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Scope } from '../servers/palate-process.ts';

/** A connection that is cut when the test is over. */
export async function rawSession(t: Scope, address: string): Promise<ClientHttp2Session> {
  // Node's own 10 MB would end a call of 21 MiB on this side.
  const session = connect(`http://${address}`, { maxSessionMemory: 100 });
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

/** Opens a call without sending anything of its body. */
export function rawCall(session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>> = {}) {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  return stream;
}

/** Sends a body, whole, and gives the headers and trailers of the answer together. */
export async function rawAnswer(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingHttpHeaders> {
  const stream = rawCall(session, path, headers);
  const answer: IncomingHttpHeaders = {};
  stream.on('response', (received) => Object.assign(answer, received));
  stream.on('trailers', (received) => Object.assign(answer, received));
  stream.resume();
  stream.end(body);
  await once(stream, 'close');
  return answer;
}

/** A gRPC message: compression flag, length, bytes. `length` may lie. */
export function frame(message: Uint8Array, length = message.length, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}
