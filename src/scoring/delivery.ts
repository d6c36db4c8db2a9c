/** Brings a batch of events to the journal: attempt after attempt, until it is durable, refused for good, or given up. */

import type { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError, type StatusCode } from '../errors.ts';
import { type Backoff, waitMillis } from '../rpc/client/backoff.ts';
import type { Client } from '../rpc/client/client.ts';
import { type Span, traced } from '../telemetry/tracing/tracer.ts';
import type { Clock } from './batcher/clock.ts';
import { outcomesOf, requestOf } from './stages/publish-batch.ts';

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly client: Client<typeof IngestService>;
  /** How long one attempt may take. */
  readonly attemptMillis: number;
  /** Between attempts. */
  readonly backoff: Backoff;
  /** Told of each attempt that failed and is followed by another, with how many have by now. */
  readonly onFailure: (tenant: string, events: number, failures: number, error: PalateError) => void;
}

/** An encoded event, and what led to it, where that is recorded. */
export interface Sendable {
  readonly bytes: Uint8Array;
  readonly span: Span | undefined;
}

/** While the process stops, attempts follow each other faster. */
const hurriedBackoff: Backoff = { firstMillis: 50, longestMillis: 250 };

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Each ends a wait for the next attempt. */
  readonly #waits = new Set<() => void>();
  readonly #calls = new Set<AbortController>();
  #isHurried = false;
  #isGivenUp = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** The next attempts come at once, and those after them soon. */
  hurry(): void {
    this.#isHurried = true;
    for (const wake of this.#waits) wake();
  }

  /** Ends what is under way, and takes on nothing more. */
  giveUp(): void {
    this.#isGivenUp = true;
    for (const wake of this.#waits) wake();
    for (const call of this.#calls) call.abort(stopping());
  }

  /**
   * What became of each event, as `outcomesOf` has it.
   * @throws PalateError where all of them are refused for good; SHUTTING_DOWN where they are given up.
   */
  async deliver(tenant: string, batch: readonly Sendable[]): Promise<readonly (bigint | PalateError)[]> {
    for (let failures = 1; ; failures++) {
      try {
        if (this.#isGivenUp) throw stopping();
        return await this.#publish(tenant, batch);
      } catch (thrown) {
        const error = PalateError.from(thrown);
        if (this.#isGivenUp) throw stopping(error);
        if (!mayPass(error)) throw error;
        this.#options.onFailure(tenant, batch.length, failures, error);
        await this.#pause(error, failures);
      }
    }
  }

  async #publish(tenant: string, batch: readonly Sendable[]) {
    const { client, attemptMillis } = this.#options;
    const call = new AbortController();
    this.#calls.add(call);
    try {
      const options = { tenant, timeoutMillis: attemptMillis, signal: call.signal };
      const request = requestOf(batch.map(({ bytes }) => bytes));
      const parent = batch.length === 1 ? batch[0]?.span : undefined;
      const answer = await traced(parent, 'outbox send', (span) => client.publish(request, { ...options, span }));
      return outcomesOf(answer, batch.length);
    } finally {
      this.#calls.delete(call);
    }
  }

  async #pause({ retryAfterMillis = 0 }: PalateError, failures: number): Promise<void> {
    const backoff = this.#isHurried ? hurriedBackoff : this.#options.backoff;
    const millis = Math.max(waitMillis(backoff, failures), Math.min(retryAfterMillis, backoff.longestMillis));
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = clock.callAt(clock.now() + millis, resolve);
    this.#waits.add(resolve);
    await promise;
    callOff();
    this.#waits.delete(resolve);
  }
}

/** Another attempt may fare better, whatever the reason's own `retryable` says of the very same call. */
const passing = new Set<StatusCode>([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'INTERNAL',
  'UNKNOWN',
  'CANCELLED',
]);

function mayPass(error: PalateError): boolean {
  return error.retryAfterMillis !== undefined || passing.has(error.code);
}

/** Of what the process does not bring to the journal any more. */
export function stopping(cause?: unknown): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server stops, and the journal has not taken the score', { cause });
}
