/**
 * What the scorer has to say to the journal: events wait here, bounded, until they are durable. A place is taken before the
 * work begins, so that a full outbox refuses photos and never drops an event. Each tenant's events are published in order,
 * one batch at a time, again and again until the journal has them; an event's id follows from what it says, so that a second
 * sending is a duplicate.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import type { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { isPalateError, PalateError, type StatusCode } from '../errors.ts';
import { type Backoff, waitMillis } from '../rpc/client/backoff.ts';
import type { Client } from '../rpc/client/client.ts';
import type { Log } from '../rpc/log.ts';
import { type Span, traced } from '../telemetry/tracing/tracer.ts';
import type { Clock } from './batcher/clock.ts';
import { Departures } from './stages/departures.ts';
import { imageIdOf } from './stages/meal-event-id.ts';
import { encodeMealEvent, outcomesOf, requestOf } from './stages/publish-batch.ts';
import type { UnsentEvents } from './unsent.ts';

export interface OutboxOptions {
  readonly clock: Clock;
  readonly client: Client<typeof IngestService>;
  readonly log: Log;
  /** Places: events that wait, that are being sent, and for which a place was reserved. Default 2,000. */
  readonly maxEvents?: number;
  /** Events a batch. Default 200. */
  readonly maxBatchEvents?: number;
  /** Bytes a batch; one event may be larger. Default 1 MiB. */
  readonly maxBatchBytes?: number;
  /** How long one attempt may take. Default 10 s. */
  readonly attemptMillis?: number;
  /** Between attempts. Default 100 ms, up to 10 s. */
  readonly backoff?: Backoff;
  /** Keeps events across a crash. Default: they are lost with the process. */
  readonly unsent?: UnsentEvents | undefined;
  /** Told of each event that the journal refused for good. */
  readonly onRefused?: (tenant: string, event: Uint8Array, error: PalateError) => void | Promise<void>;
}

/** Told of events that are not in the journal yet. */
export type UnsentListener = (tenant: string, event: Uint8Array) => void;

/** A place in the outbox, for one event. */
export interface Place {
  /**
   * Publishes an event (`MealScored`, `MealReviewed`) about a photo; its `event_id` is written here, and `occurred_at` where
   * it has none. Resolves once it is durable, with a sequence as `outcomesOf` has it. Need not be awaited: what fails is
   * in the log with its image.
   * @throws PalateError the ingest service's reason for refusing it; SHUTTING_DOWN where it could not be sent in time.
   */
  send(tenant: string, event: Event, span?: Span | undefined): Promise<bigint>;
  /** Gives it back without an event. Does nothing once the event was sent. */
  release(): void;
}

interface Message {
  readonly imageId: string;
  readonly bytes: Uint8Array;
}

interface Entry extends Message {
  readonly tenant: string;
  /** What led to the event, where that is recorded. */
  readonly span: Span | undefined;
  /** Its event need not be kept any more. */
  readonly forget: () => void;
  readonly resolve: (sequence: bigint) => void;
  readonly reject: (error: unknown) => void;
}

/** A tenant's events, and the end of their sending. */
interface Line {
  readonly entries: Entry[];
  done: Promise<void>;
}

const defaults = {
  maxEvents: 2_000,
  maxBatchEvents: 200,
  maxBatchBytes: 1024 * 1024,
  attemptMillis: 10_000,
  backoff: { firstMillis: 100, longestMillis: 10_000 },
  unsent: undefined,
  onRefused: () => undefined,
};

/** While no more than this wait, an event that is recorded goes in a batch of its own. Else they go together, without traces. */
const mostTraced = 64;

/** While the process stops, attempts follow each other faster. */
const hurriedBackoff: Backoff = { firstMillis: 50, longestMillis: 250 };

export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #unsent = new Set<Entry>();
  readonly #listeners = new Set<UnsentListener>();
  readonly #lines = new Map<string, Line>();
  readonly #departures = new Departures();
  /** Each ends a wait for the next attempt. */
  readonly #waits = new Set<() => void>();
  readonly #calls = new Set<AbortController>();
  readonly #counts = { sent: 0, refused: 0, failures: 0 };
  #places = 0;
  #isDraining = false;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = { ...defaults, ...options };
  }

  /** Places taken. */
  get places(): number {
    return this.#places;
  }

  /** Events that the journal has taken, those that it never will, and attempts that failed. */
  get counts(): { readonly sent: number; readonly refused: number; readonly failures: number } {
    return { ...this.#counts };
  }

  /** @throws PalateError OVERLOADED where all places are taken; SHUTTING_DOWN. */
  reserve(): Place {
    if (this.#isClosed) throw stopping();
    this.#take();
    let isOpen = true;
    return {
      send: (tenant, event, span) => {
        if (!isOpen) throw new PalateError('INTERNAL', 'a place in the outbox is for one event');
        const message = { imageId: imageIdOf(event), bytes: encodeMealEvent(event) };
        isOpen = false;
        return this.#add(tenant, message, span);
      },
      release: () => {
        if (isOpen) this.#leave(1);
        isOpen = false;
      },
    };
  }

  /** Takes a place and sends the event. @throws PalateError at once where there is no place: see `reserve`. */
  offer(tenant: string, event: Event): Promise<bigint> {
    return this.reserve().send(tenant, event);
  }

  /**
   * Sends what there is. Where the signal aborts first, what is left is given up and named in the log. Nothing is taken
   * after that.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    const close = () => this.#close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    for (const wake of this.#waits) wake();
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(({ done }) => done));
    signal.removeEventListener('abort', close);
    this.#isClosed = true;
  }

  /** Sends what an earlier process took down and did not bring to the journal. To be called once, before anything else. */
  resume(): void {
    const { unsent, log } = this.#options;
    const left = unsent?.left() ?? [];
    for (const { tenant, event } of left) {
      if (this.#places === 0) this.#departures.begin(this.#options.clock.now());
      this.#places += 1;
      void this.#add(tenant, { imageId: imageIdOf(fromBinary(EventSchema, event)), bytes: event });
    }
    if (left.length > 0) log.info({ events: left.length }, 'outbox: events of before are sent again');
    unsent?.forgetSent();
  }

  /** Tells of each event that the journal does not have yet, and of each that comes, until the returned function is called. */
  observeUnsent(listener: UnsentListener): () => void {
    for (const { tenant, bytes } of this.#unsent) listener(tenant, bytes);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #close(): void {
    this.#isClosed = true;
    for (const wake of this.#waits) wake();
    for (const call of this.#calls) call.abort(stopping());
  }

  #take(): void {
    const now = this.#options.clock.now();
    if (this.#places >= this.#options.maxEvents) {
      const retryAfterMillis = this.#departures.millisUntilLeft(this.#places, now);
      throw new PalateError('OVERLOADED', `${this.#places} scores wait for the journal`, { retryAfterMillis });
    }
    if (this.#places === 0) this.#departures.begin(now);
    this.#places += 1;
  }

  #leave(places: number): void {
    this.#places -= places;
    for (let left = 0; left < places; left++) this.#departures.observe(this.#options.clock.now());
  }

  #add(tenant: string, message: Message, span?: Span | undefined): Promise<bigint> {
    const { promise, resolve, reject } = Promise.withResolvers<bigint>();
    // Nobody has to wait for it; the log has it anyway.
    promise.catch(() => undefined);
    const line = this.#lines.get(tenant) ?? this.#begin(tenant);
    const forget = this.#options.unsent?.add(tenant, message.bytes) ?? (() => undefined);
    const entry: Entry = { ...message, tenant, span, forget, resolve, reject };
    this.#unsent.add(entry);
    for (const listener of this.#listeners) listener(tenant, message.bytes);
    line.entries.push(entry);
    return promise;
  }

  #begin(tenant: string): Line {
    const line: Line = { entries: [], done: Promise.resolve() };
    this.#lines.set(tenant, line);
    // In a turn of its own, when the first event is in it and the answers of this turn are out.
    line.done = nextTurn().then(() => this.#send(tenant, line.entries));
    return line;
  }

  async #send(tenant: string, entries: Entry[]): Promise<void> {
    while (entries.length > 0) await this.#deliver(tenant, this.#takeBatch(entries));
    this.#lines.delete(tenant);
  }

  #takeBatch(entries: Entry[]): Entry[] {
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    let count = 0;
    let bytes = 0;
    const isCalm = entries.length <= mostTraced;
    for (const entry of entries) {
      // A record has the trace of its batch.
      if (isCalm && count > 0 && (entry.span ?? entries[0]?.span) !== undefined) break;
      bytes += entry.bytes.length;
      if (count === maxBatchEvents || (count > 0 && bytes > maxBatchBytes)) break;
      count += 1;
    }
    return entries.splice(0, count);
  }

  /** Tries until the events are durable, refused for good, or the process stops. Never throws. */
  async #deliver(tenant: string, batch: readonly Entry[]): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        if (this.#isClosed) throw stopping();
        this.#acknowledge(tenant, batch, await this.#publish(tenant, batch));
        return;
      } catch (thrown) {
        const error = PalateError.from(thrown);
        if (this.#isClosed || !mayPass(error)) {
          this.#refuse(tenant, batch, this.#isClosed ? stopping(error) : error);
          return;
        }
        this.#counts.failures += 1;
        if (isPowerOfTwo(failures)) {
          const fields = { tenant, events: batch.length, waiting: this.#places, failures, err: error };
          this.#options.log.warn(fields, 'outbox: the journal did not take the events, they are sent again');
        }
        await this.#pause(error, failures);
      }
    }
  }

  async #publish(tenant: string, batch: readonly Entry[]) {
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

  #acknowledge(tenant: string, batch: readonly Entry[], outcomes: readonly (bigint | PalateError)[]): void {
    for (const [index, entry] of batch.entries()) {
      const outcome = outcomes[index]!;
      if (isPalateError(outcome)) this.#refuse(tenant, [entry], outcome);
      else {
        this.#leave(1);
        this.#counts.sent += 1;
        this.#unsent.delete(entry);
        entry.forget();
        entry.resolve(outcome);
      }
    }
  }

  #refuse(tenant: string, batch: readonly Entry[], error: PalateError): void {
    this.#leave(batch.length);
    this.#counts.refused += batch.length;
    const imageIds = batch.map(({ imageId }) => imageId);
    this.#options.log.error({ tenant, imageIds, err: error }, 'outbox: events were not published');
    for (const entry of batch) {
      this.#unsent.delete(entry);
      // What could not be sent in time is sent by the next process.
      if (error.reason !== 'SHUTTING_DOWN') void this.#tellRefused(entry, error);
      entry.reject(error);
    }
  }

  async #tellRefused({ tenant, bytes, forget }: Entry, error: PalateError): Promise<void> {
    try {
      await this.#options.onRefused(tenant, bytes, error);
      forget();
    } catch (err) {
      this.#options.log.error(
        { err, tenant },
        'outbox: what a refused event left is not cleared away before the next start',
      );
    }
  }

  async #pause({ retryAfterMillis = 0 }: PalateError, failures: number): Promise<void> {
    const backoff = this.#isDraining ? hurriedBackoff : this.#options.backoff;
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

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function stopping(cause?: unknown): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server stops, and the journal has not taken the score', { cause });
}
