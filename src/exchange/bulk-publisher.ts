/** Sends any number of events over one `PublishStream`, many batches in flight, and loses none when the stream breaks. */

import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import {
  type IngestService,
  PublishStreamRequestSchema,
  type PublishStreamResponse,
  type RejectedEvent,
} from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { isPalateError } from '../errors.ts';
import type { Client } from '../rpc/client/client.ts';

export interface BulkOptions {
  readonly client: Client<typeof IngestService>;
  /** Events a message; 100 to 500 go fastest. */
  readonly batchEvents: number;
  /** Batches sent and not yet acknowledged. */
  readonly maxInFlight: number;
  /** A broken stream is taken up again for so long without any progress, in milliseconds. */
  readonly patienceMillis: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (totals: BulkTotals) => void;
  /** `number` counts the events of the source from 1. */
  readonly onRejected?: (rejected: RejectedEvent, number: number) => void;
  /** The stream broke, and will be taken up again. */
  readonly onRetry?: (error: Error, waitMillis: number) => void;
}

export interface BulkTotals {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Of the last event accepted; 0 when none was. */
  readonly lastSequence: bigint;
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * Publishes all events and resolves with the totals once each is acknowledged. When the stream breaks with an error that
 * a retry may mend, what was not acknowledged is sent again: the server recognises what it had.
 * Throws what the source throws, and the server's error when a retry does not help or patience ends.
 */
export async function publishAll(events: AsyncIterable<Event>, options: BulkOptions): Promise<BulkTotals> {
  const source = batchesOf(events, options.batchEvents);
  const upload = new Upload(source, options);
  let lastProgressAt = Date.now();
  let settled = 0;
  while (true) {
    try {
      return await upload.run();
    } catch (error) {
      if (upload.sourceFailed || !isPalateError(error) || error.retryAfterMillis === undefined) throw error;
      if (upload.settled > settled) lastProgressAt = Date.now();
      settled = upload.settled;
      if (Date.now() - lastProgressAt > options.patienceMillis) throw error;
      options.onRetry?.(error, error.retryAfterMillis);
      await delay(error.retryAfterMillis, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }
}

async function* batchesOf(events: AsyncIterable<Event>, size: number): AsyncGenerator<Batch, void, undefined> {
  let batch: Event[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < size) continue;
    yield encode(batch);
    batch = [];
  }
  if (batch.length > 0) yield encode(batch);
}

function encode(events: Event[]): Batch {
  const message = create(PublishStreamRequestSchema, { events });
  return { bytes: toBinary(PublishStreamRequestSchema, message), count: events.length };
}

/** What is on its way, over any number of streams. */
class Upload {
  readonly #source: AsyncGenerator<Batch, void, undefined>;
  readonly #options: BulkOptions;
  /** Sent on this stream or an earlier one and not acknowledged, oldest first. */
  readonly #unacknowledged: Batch[] = [];
  #totals: BulkTotals = { accepted: 0, duplicates: 0, rejected: 0, lastSequence: 0n };
  #sourceEnded = false;
  #wake: (() => void) | undefined;
  sourceFailed = false;
  /** Events whose fate is known. */
  settled = 0;

  constructor(source: AsyncGenerator<Batch, void, undefined>, options: BulkOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** One stream, from what was not acknowledged to the end of the source. */
  async run(): Promise<BulkTotals> {
    const { client, signal } = this.#options;
    const stream = { ended: false };
    try {
      for await (const answer of client.publishStream(this.#requests(stream), signal === undefined ? {} : { signal })) {
        this.#acknowledge(answer);
      }
    } finally {
      stream.ended = true;
      this.#wake?.();
    }
    return this.#totals;
  }

  async *#requests(stream: { ended: boolean }): AsyncGenerator<Uint8Array> {
    for (const { bytes } of [...this.#unacknowledged]) yield bytes;
    while (!this.#sourceEnded && !stream.ended) {
      if (this.#unacknowledged.length >= this.#options.maxInFlight) {
        await this.#room();
        continue;
      }
      const batch = await this.#nextBatch();
      if (batch === undefined) return;
      this.#unacknowledged.push(batch);
      if (stream.ended) return;
      yield batch.bytes;
    }
  }

  async #nextBatch(): Promise<Batch | undefined> {
    try {
      const { done, value } = await this.#source.next();
      this.#sourceEnded = done === true;
      return value ?? undefined;
    } catch (error) {
      this.sourceFailed = true;
      throw error;
    }
  }

  /** Until an acknowledgement comes or the stream ends; the stream has a deadline or a signal of its own. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #acknowledge(answer: PublishStreamResponse): void {
    const batch = this.#unacknowledged.shift();
    for (const rejected of answer.rejected) this.#options.onRejected?.(rejected, this.settled + rejected.index + 1);
    this.settled += batch?.count ?? 0;
    this.#totals = {
      accepted: this.#totals.accepted + answer.accepted,
      duplicates: this.#totals.duplicates + answer.duplicates,
      rejected: this.#totals.rejected + answer.rejected.length,
      lastSequence: answer.lastSequence === 0n ? this.#totals.lastSequence : answer.lastSequence,
    };
    this.#options.onProgress?.(this.#totals);
    this.#wake?.();
  }
}
