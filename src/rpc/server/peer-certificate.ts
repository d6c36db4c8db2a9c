import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { namesOf } from '../../access/certificate-names.ts';

const none: readonly string[] = [];

/** By connection: a certificate is read once, not for each call. */
const known = new WeakMap<object, readonly string[]>();

/**
 * The names in the certificate that the other side of a connection has shown and that its authority vouches for. None: it is no
 * TLS, none was shown, or none was asked for.
 */
export function certificateNamesOf(socket: Socket | undefined): readonly string[] {
  if (socket === undefined || !isAuthorized(socket)) return none;
  const found = known.get(socket);
  if (found !== undefined) return found;
  const names = namesOf(socket.getPeerCertificate());
  known.set(socket, names);
  return names;
}

/** The connection that a request came by. By HTTP/2 each request has a socket of its own for show. */
export function connectionOf(request: IncomingMessage | Http2ServerRequest): Socket | undefined {
  return 'stream' in request ? request.stream.session?.socket : request.socket;
}

function isAuthorized(socket: Socket): socket is TLSSocket {
  return (socket as Partial<TLSSocket>).authorized === true;
}
