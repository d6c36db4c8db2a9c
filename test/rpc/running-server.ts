import type { TestContext } from 'node:test';
import { type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import type { BoundService } from '../../src/rpc/handlers.ts';
import { createHealthBoard, type HealthBoard } from '../../src/rpc/health-board.ts';
import { createRpcServer, type RpcServer, type RpcServerInit } from '../../src/rpc/server/rpc-server.ts';

export interface RunningServer {
  readonly server: RpcServer;
  readonly health: HealthBoard;
  readonly grpc: string;
  readonly http: string;
  /** A plain grpc-js client, closed when the test ends. */
  client(options?: ClientOptions): Client;
  /** POST to the HTTP port. */
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
}

/** Starts a server on free ports for one test, and stops it after. */
export async function runServer(
  t: TestContext,
  services: readonly BoundService[],
  given: Partial<Pick<RpcServerInit, 'options' | 'log' | 'extraRoutes' | 'tls'>> = {},
): Promise<RunningServer> {
  const health = createHealthBoard();
  const server = createRpcServer({ host: '127.0.0.1', port: 0, httpPort: 0, services, health, ...given });
  await server.start();
  const { grpc, http } = server.address();
  const clients: Client[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await server.stop();
  });
  return {
    server,
    health,
    grpc,
    http,
    client(options) {
      const client = new Client(grpc, credentials.createInsecure(), options);
      clients.push(client);
      return client;
    },
    post: (path, body, headers = {}) =>
      fetch(`http://${http}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: body as string,
      }),
  };
}

export const identity = (bytes: Buffer): Buffer => bytes;

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** The outcome of a unary call with bytes in and out. */
export type Outcome =
  | { readonly bytes: Buffer; readonly error?: never }
  | { readonly error: ServiceError; readonly bytes?: never };

/** Makes a unary call with a plain grpc-js client. */
export function callBytes(
  client: Client,
  path: string,
  bytes: Uint8Array,
  given: { readonly headers?: Readonly<Record<string, string>>; readonly deadline?: number } = {},
): Promise<Outcome> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(given.headers ?? {})) metadata.set(name, value);
  const options = given.deadline === undefined ? {} : { deadline: given.deadline };
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, identity, identity, Buffer.from(bytes), metadata, options, (error, answer) => {
      resolve(error === null ? { bytes: answer as Buffer } : { error });
    });
  });
}

/** The details of an error as plain objects, by type name. */
export function detailsOf(error: ServiceError): ReadonlyMap<string, Uint8Array> {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Uint8Array)) return new Map();
  return new Map(
    fromBinary(StatusSchema, bytes).details.map(({ typeUrl, value }) => [typeUrl.split('/')[1] ?? '', value]),
  );
}

/** Encodes with a schema, for calls in bytes. */
export { create } from '@bufbuild/protobuf';
export { fromBinary, toBinary };

/** Resolves when the condition holds; rejects after the bound. */
export async function until(condition: () => boolean, boundMillis = 3_000): Promise<void> {
  const end = Date.now() + boundMillis;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${boundMillis} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
