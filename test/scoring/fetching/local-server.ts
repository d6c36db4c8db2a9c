import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Socket,
  type Server as SocketServer,
} from 'node:net';
import type { Certificate } from './certificate.ts';

/** A server on loopback, as tests meet it. */
export interface LocalServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT` or `https://…`. */
  readonly origin: string;
  /** Requests, or connections of a bare one, so far. */
  readonly requests: () => number;
  close(): Promise<void>;
}

/** A web server; with a certificate over TLS. */
export async function startServer(listener: RequestListener, certificate?: Certificate): Promise<LocalServer> {
  const server: Server = certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener);
  let requests = 0;
  server.on('request', () => requests++);
  const port = await listen(server);
  return {
    port,
    origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server that says what it likes, whatever HTTP makes of it. */
export async function startBareServer(onConnection: (socket: Socket) => void): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createSocketServer((socket) => {
    requests += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    // Unread, it would not notice its end.
    socket.resume();
    onConnection(socket);
  });
  const port = await listen(server);
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function listen(server: SocketServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
