/**
 * The way of a batch: slice → check each event → leave out duplicates → journal → wait until durable and folded →
 * acknowledge. Checking may give way to other work; finding duplicates and appending happen in one go, so that two
 * batches with the same event cannot both take it in.
 */

import { setImmediate as giveWay } from 'node:timers/promises';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';
import {
  type AcceptedEvent,
  type EventCheck,
  isRejected,
  type RejectedEvent,
  readAcceptedId,
} from '../events/checked-event.ts';
import { sliceEvents } from '../events/slicing.ts';
import type { Appended, Journal } from '../journal/journal.ts';
import type { DuplicateWindow } from './duplicate-window.ts';
import type { Duplicates } from './duplicates.ts';

/** A batch as it came. */
export interface Batch {
  /** A `PublishRequest` or `PublishStreamRequest` in wire form. It must not change until the acknowledgement. */
  readonly bytes: Uint8Array;
  readonly tenant: string;
  /** W3C trace context of the call; may be empty. */
  readonly trace: Uint8Array;
}

/** `PublishResponse` and `PublishStreamResponse` have these fields. */
export interface Acknowledgement {
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: (RejectedEvent & { readonly index: number })[];
}

export interface PublishOptions {
  readonly journal: Journal;
  readonly duplicates: Duplicates;
  readonly check: EventCheck;
  readonly maxBatchEvents: number;
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Resolves when the state of this process has folded a sequence. Absent where the fold runs elsewhere. */
  readonly folded?: ((sequence: number) => Promise<void>) | undefined;
}

/** What the journal hands on with a durable batch, so that the fold in this process need not decode again. Undefined: not decoded. */
export type DecodedEvents = readonly (Event | undefined)[];

/** So many events are checked before other work gets its turn: about two milliseconds. */
const eventsPerTurn = 256;

export type Publish = (batch: Batch) => Promise<Acknowledgement>;

/**
 * Makes the function that takes a batch in and resolves with its acknowledgement.
 * It rejects with MALFORMED_MESSAGE, BATCH_TOO_LARGE, OVERLOADED and the journal's reasons: then nothing of the batch is
 * acknowledged, and the same batch may be sent again.
 */
export function createPublish(options: PublishOptions): Publish {
  return async ({ bytes, tenant, trace }) => {
    const slices = sliceEvents(bytes);
    if (slices.length > options.maxBatchEvents) throw tooMany(slices.length, options.maxBatchEvents);
    const checked = await checkAll(slices, options);
    const window = options.duplicates.of(tenant);
    const accepted = checked.accepted.filter((event) => window.add(idWords(event)));
    const appended = append(options.journal, window, accepted, tenant, trace);
    await settle(options, appended, window, accepted);
    return {
      firstSequence: BigInt(appended.firstSequence),
      lastSequence: BigInt(appended.lastSequence),
      accepted: accepted.length,
      duplicates: checked.accepted.length - accepted.length,
      rejected: checked.rejected,
    };
  };
}

function tooMany(count: number, most: number): PalateError {
  return new PalateError('BATCH_TOO_LARGE', `the batch has ${count} events; send at most ${most} in one`, {
    metadata: { max_batch_events: String(most) },
  });
}

interface CheckedBatch {
  readonly accepted: AcceptedEvent[];
  readonly rejected: (RejectedEvent & { index: number })[];
}

async function checkAll(slices: readonly Uint8Array[], { check, now }: PublishOptions): Promise<CheckedBatch> {
  const result: CheckedBatch = { accepted: [], rejected: [] };
  const receivedAtMicros = now();
  for (const [index, slice] of slices.entries()) {
    if (index > 0 && index % eventsPerTurn === 0) await giveWay();
    const verdict = check(slice, receivedAtMicros);
    if (isRejected(verdict)) result.rejected.push({ index, ...verdict });
    else result.accepted.push(verdict);
  }
  return result;
}

const words = new Uint32Array(4);

/** The words of an id that passed its check, valid until the next call. */
function idWords(event: AcceptedEvent): Uint32Array {
  if (!readAcceptedId(event, words)) throw new PalateError('INTERNAL', 'an event id passed its check and is no UUID');
  return words;
}

function append(
  journal: Journal,
  window: DuplicateWindow,
  accepted: readonly AcceptedEvent[],
  tenant: string,
  trace: Uint8Array,
): Appended {
  try {
    const attachment: DecodedEvents = accepted.map(({ event }) => event);
    return journal.append({ tenant, trace, events: accepted.map(({ bytes }) => bytes), attachment });
  } catch (error) {
    forget(window, accepted);
    throw error;
  }
}

/**
 * Waits until the batch is durable and folded. A batch of nothing but duplicates waits for the events that it repeats,
 * which may still be on their way to the disk.
 */
async function settle(
  { journal, folded }: PublishOptions,
  appended: Appended,
  window: DuplicateWindow,
  accepted: readonly AcceptedEvent[],
): Promise<void> {
  const sequence = appended.lastSequence === 0 ? journal.status().lastSequence : appended.lastSequence;
  try {
    await (appended.lastSequence === 0 && sequence > 0 ? journal.durable(sequence) : appended.durable);
  } catch (error) {
    forget(window, accepted);
    throw error;
  }
  if (sequence > 0) await folded?.(sequence);
}

function forget(window: DuplicateWindow, accepted: readonly AcceptedEvent[]): void {
  for (const event of accepted) window.remove(idWords(event));
}
