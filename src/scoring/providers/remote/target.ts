import type { ConnectionOptions } from '../../../rpc/client/connection.ts';

/** How a request travels: on streams that stay open, or as a call of its own. */
export const transports = ['stream', 'unary'] as const;

export type Transport = (typeof transports)[number];

/** The servers that run a model, and what it is called there. */
export interface RemoteTarget {
  /** `host:port`, each once. */
  readonly addresses: readonly string[];
  readonly model: string;
  /** Empty: the one that the server takes by default. */
  readonly version: string;
  /** Default: stream. Where a server has no streams, calls are made all the same. */
  readonly transport: Transport;
  /** Batches that may be under way to one server at a time. */
  readonly maxBatches: number;
  /** The share of batches that may be sent a second time because the first takes unusually long; 0: none. */
  readonly hedgeShare: number;
  /** TLS, certificates and a token. */
  readonly connection: ConnectionOptions;
}

/** For what is not said. */
export const defaultTarget = { transport: 'stream', maxBatches: 4, hedgeShare: 0.05, connection: {} } as const;
