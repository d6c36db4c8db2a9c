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
import { isPalateError, PalateError } from '../errors.ts';
import type { Backoff } from '../rpc/client/backoff.ts';
import type { Client } from '../rpc/client/client.ts';
import type { Log } from '../rpc/log.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';
import type { Clock } from './batcher/clock.ts';
import { Delivery, type Sendable, stopping } from './delivery.ts';
import { Departures } from './stages/departures.ts';
import { imageIdOf } from './stages/meal-event-id.ts';
import { encodeMealEvent } from './stages/publish-batch.ts';
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

interface Entry extends Message, Sendable {
  readonly tenant: string;
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

export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #unsent = new Set<Entry>();
  readonly #listeners = new Set<UnsentListener>();
  readonly #lines = new Map<string, Line>();
  readonly #departures = new Departures();
  readonly #delivery: Delivery;
  readonly #counts = { sent: 0, refused: 0, failures: 0 };
  #places = 0;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = { ...defaults, ...options };
    const { clock, client, attemptMillis, backoff } = this.#options;
    const onFailure = (tenant: string, events: number, failures: number, error: PalateError) =>
      this.#tellFailure(tenant, events, failures, error);
    this.#delivery = new Delivery({ clock, client, attemptMillis, backoff, onFailure });
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
    const close = () => this.#close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    this.#delivery.hurry();
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
    this.#delivery.giveUp();
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

  /** Never throws. */
  async #deliver(tenant: string, batch: readonly Entry[]): Promise<void> {
    const outcomes = await this.#delivery.deliver(tenant, batch).catch(PalateError.from);
    if (isPalateError(outcomes)) this.#refuse(tenant, batch, outcomes);
    else this.#acknowledge(tenant, batch, outcomes);
  }

  /** Of a long outage the log has ever fewer lines. */
  #tellFailure(tenant: string, events: number, failures: number, err: PalateError): void {
    this.#counts.failures += 1;
    if (!isPowerOfTwo(failures)) return;
    const fields = { tenant, events, waiting: this.#places, failures, err };
    this.#options.log.warn(fields, 'outbox: the journal did not take the events, they are sent again');
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
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
