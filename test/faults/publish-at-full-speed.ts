/** A client that publishes as fast as it can, and knows what was acknowledged. */

import { fromBinary } from '@bufbuild/protobuf';
import type { Client, ServiceError } from '@grpc/grpc-js';
import {
  IngestService,
  type PublishStreamResponse,
  PublishStreamResponseSchema,
} from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { pathOf } from '../interop/plain-client.ts';
import { type Batch, mixedBatch } from './mixed-batches.ts';

export interface SentBatch extends Batch {
  /** Set when it was acknowledged. */
  acknowledgement: PublishStreamResponse | undefined;
}

export interface Publishing {
  /** All batches in the order in which they were sent. */
  readonly sent: readonly SentBatch[];
  /** Resolves with the first acknowledgement. */
  readonly firstAcknowledged: Promise<void>;
  /** Resolves when the stream is over, with what ended it; undefined: nothing went wrong. */
  readonly ended: Promise<ServiceError | undefined>;
  /** Sends no more; the stream ends when all is acknowledged. */
  finish(): void;
}

/** Batches that were sent and not acknowledged yet, at any time. */
const inFlight = 48;
const identity = (bytes: Buffer): Buffer => bytes;

/** Publishes one batch after another on a stream of its own: the given ones, or new ones without end. */
export function publishAtFullSpeed(client: Client, batches: Iterable<Batch> = endlessly()): Publishing {
  const stream = client.makeBidiStreamRequest(pathOf(IngestService.method.publishStream), identity, identity);
  const source = batches[Symbol.iterator]();
  const sent: SentBatch[] = [];
  const first = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<ServiceError | undefined>();
  let acknowledged = 0;
  let open = true;
  const finish = () => {
    if (open) stream.end();
    open = false;
  };
  const send = () => {
    while (open && sent.length - acknowledged < inFlight) {
      const next = source.next();
      if (next.done) return finish();
      sent.push({ ...next.value, acknowledgement: undefined });
      stream.write(next.value.message);
    }
  };
  stream.on('data', (bytes: Buffer) => {
    sent[acknowledged]!.acknowledgement = fromBinary(PublishStreamResponseSchema, bytes);
    acknowledged += 1;
    first.resolve();
    send();
  });
  stream.once('error', (error: ServiceError) => {
    open = false;
    ended.resolve(error);
  });
  stream.once('end', () => {
    open = false;
    ended.resolve(undefined);
  });
  send();
  return { sent, firstAcknowledged: first.promise, ended: ended.promise, finish };
}

function* endlessly(): Generator<Batch> {
  while (true) yield mixedBatch();
}
