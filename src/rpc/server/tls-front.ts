import type { Server, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { ServerTls } from '../../access/server-certificate.ts';
import type { Log } from '../log.ts';

/** A handshake that takes longer is given up, in milliseconds. */
const handshakeMillis = 10_000;

/**
 * A listener that speaks TLS and hands over each connection once its handshake is done. Who shows a certificate that does not
 * hold is cut off, also where none has to be shown.
 *
 * @param protocols what may be spoken within, by ALPN (RFC 7301): `h2`, `http/1.1`.
 */
export function createTlsFront(
  tls: ServerTls,
  protocols: readonly string[],
  log: Log,
  onSocket: (socket: TLSSocket) => void,
): Server {
  const options = { ...tls.options(), ALPNProtocols: [...protocols], handshakeTimeout: handshakeMillis, noDelay: true };
  const server = createServer(options, (socket) => {
    if (socket.authorized || socket.getPeerX509Certificate() === undefined) {
      onSocket(socket);
      return;
    }
    refused(socket, String(socket.authorizationError));
    socket.destroy();
  });
  const refused = (socket: Socket, problem: string): void =>
    log.debug({ peer: socket.remoteAddress, problem }, 'a TLS handshake failed');
  // What is wrong with it is told to the other side by TLS itself.
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    refused(socket, error.code ?? error.message);
    socket.destroy();
  });
  tls.onChange((context) => server.setSecureContext(context));
  return server;
}

/** The connections of a listener, those still in their handshake among them. */
export function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
