/**
 * The way of a batch: slice → check each event → leave out duplicates → journal → wait until durable and folded →
 * acknowledge. Checking may give way to other work; finding duplicates and appending happen in one go, so that two
 * batches with the same event cannot both take it in.
 */

import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';
import { type AcceptedEvents, listEvents, packAccepted, pickEvents, wordsPerId } from '../events/accepted-events.ts';
import type { BatchChecks, CheckedEvents } from '../events/batch-check.ts';
import type { RejectedEvent } from '../events/checked-event.ts';
import type { EventIdWords } from '../events/event-id.ts';
import { sliceEvents } from '../events/slicing.ts';
import type { Appended, Journal } from '../journal/journal.ts';
import { endFailed, endWith, type Span } from '../telemetry/tracing/tracer.ts';
import type { DuplicateWindow } from './duplicate-window.ts';
import type { Duplicates } from './duplicates.ts';
import { type CheckedBatch, type ErasureGate, withoutErasures } from './erasure/gate.ts';
import { Turns } from './turns.ts';

/** A batch as it came. */
export interface Batch {
  /** A `PublishRequest` or `PublishStreamRequest` in wire form. It must not change until the acknowledgement. */
  readonly bytes: Uint8Array;
  readonly tenant: string;
  /** W3C trace context of the call; may be empty. */
  readonly trace: Uint8Array;
  /** The call's, where it is recorded. */
  readonly span?: Span | undefined;
  /** Has a 1 at the field number of each payload that the sender may publish; absent: all. */
  readonly permitted?: Uint8Array | undefined;
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
  readonly check: BatchChecks;
  readonly maxBatchEvents: number;
  /** Throws for the tenant of a batch that is not taken. Absent: all are. */
  readonly admitTenant?: ((tenant: string) => void) | undefined;
  /** Microseconds since 1970. */
  readonly now: () => number;
  /** Resolves when the state of this process has folded a sequence. Absent where the fold runs elsewhere. */
  readonly folded?: ((sequence: number) => Promise<void>) | undefined;
  /** Absent: a `UserErased` is rejected. */
  readonly erasures?: ErasureGate | undefined;
  /** Told of each acknowledgement before it is sent. Must not throw. */
  readonly onAcknowledged?: ((acknowledgement: Acknowledgement) => void) | undefined;
}

/** What the journal hands on with a durable batch, so that the fold in this process need not decode again. Undefined: not decoded. */
export type DecodedEvents = readonly (Event | undefined)[];

/** So many events are checked before the clock is asked. */
const eventsPerStep = 128;

export type Publish = (batch: Batch) => Promise<Acknowledgement>;

/**
 * Makes the function that takes a batch in and resolves with its acknowledgement.
 * It rejects with MALFORMED_MESSAGE, BATCH_TOO_LARGE, TENANTS_FULL, OVERLOADED and the journal's reasons: then nothing of the batch is
 * acknowledged, and the same batch may be sent again.
 */
export function createPublish(options: PublishOptions): Publish {
  const { journal, duplicates, erasures = withoutErasures } = options;
  const turns = new Turns();
  return async ({ bytes, tenant, trace, span, permitted }) => {
    options.admitTenant?.(tenant);
    const checked = await checkAll(bytes, permitted, options, turns);
    const window = duplicates.of(tenant);
    const screening = erasures.prepare(tenant, new ListedBatch(checked));
    // From here to the append nothing else runs.
    const screened = screening === undefined ? undefined : (await screening)(window);
    const accepted = screened === undefined ? checked.accepted : packAccepted(screened.accepted);
    const fresh = leaveOutKnown(accepted, window);
    const appendFresh = () => appendTraced(span, trace, (own) => append(journal, window, fresh, tenant, own));
    const appended = screened === undefined ? appendFresh() : screened.append(appendFresh);
    await settle(options, appended, window, fresh.ids);
    screened?.mask();
    const acknowledgement = {
      firstSequence: BigInt(appended.firstSequence),
      lastSequence: BigInt(appended.lastSequence),
      accepted: fresh.events.length,
      duplicates: accepted.events.length - fresh.events.length,
      rejected: [...(screened ?? checked).rejected],
    };
    options.onAcknowledged?.(acknowledgement);
    return acknowledgement;
  };
}

async function checkAll(
  bytes: Uint8Array,
  permitted: Uint8Array | undefined,
  options: PublishOptions,
  turns: Turns,
): Promise<CheckedEvents> {
  const { check, maxBatchEvents, now } = options;
  const slices = sliceEvents(bytes);
  if (slices.length > maxBatchEvents) throw tooMany(slices.length, maxBatchEvents);
  const running = check(slices, now(), permitted);
  await turns.run(() => running.next(eventsPerStep));
  return running.result();
}

function tooMany(count: number, most: number): PalateError {
  return new PalateError('BATCH_TOO_LARGE', `the batch has ${count} events; send at most ${most} in one`, {
    metadata: { max_batch_events: String(most) },
  });
}

/**
 * As the erasures want it, who hardly ever look: the objects are made when they do. A class, for the getter of an object literal
 * keeps its batch until the next full collection: see `threads/young-generation.ts`.
 */
class ListedBatch implements CheckedBatch {
  readonly #accepted: AcceptedEvents;
  readonly events: CheckedBatch['events'];
  readonly rejected: CheckedBatch['rejected'];
  readonly erases: boolean;

  constructor({ accepted, rejected }: CheckedEvents) {
    this.#accepted = accepted;
    this.events = accepted.events;
    this.rejected = rejected;
    this.erases = accepted.decoded.some((event) => event?.payload.case === 'userErased');
  }

  get accepted(): CheckedBatch['accepted'] {
    return listEvents(this.#accepted);
  }
}

/** Remembers the new ones' ids. */
function leaveOutKnown(accepted: AcceptedEvents, window: DuplicateWindow): AcceptedEvents {
  const { ids, events } = accepted;
  const places = new Int32Array(events.length);
  let fresh = 0;
  window.fetch(ids, events.length);
  for (let at = 0; at < events.length; at++) if (window.add(ids, at * wordsPerId)) places[fresh++] = at;
  return fresh === events.length ? accepted : pickEvents(accepted, places.subarray(0, fresh));
}

const noTrace = new Uint8Array(0);

/** The commit has a span of its own, and it is the one below which the events are folded. */
function appendTraced(span: Span | undefined, trace: Uint8Array, work: (trace: Uint8Array) => Appended): Appended {
  if (span === undefined) return work(trace);
  const commit = span.child('journal commit', { kind: 'producer' });
  try {
    const appended = work(commit?.trace ?? noTrace);
    commit?.set({ 'palate.sequence': appended.firstSequence });
    endWith(commit, appended.durable);
    return appended;
  } catch (error) {
    endFailed(commit, error);
    throw error;
  }
}

function append(
  journal: Journal,
  window: DuplicateWindow,
  { events, ids, decoded }: AcceptedEvents,
  tenant: string,
  trace: Uint8Array,
): Appended {
  try {
    const attachment: DecodedEvents = decoded;
    return journal.append({ tenant, trace, events, attachment });
  } catch (error) {
    forget(window, ids);
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
  ids: EventIdWords,
): Promise<void> {
  const sequence = appended.lastSequence === 0 ? journal.status().lastSequence : appended.lastSequence;
  try {
    await (appended.lastSequence === 0 && sequence > 0 ? journal.durable(sequence) : appended.durable);
  } catch (error) {
    forget(window, ids);
    throw error;
  }
  if (sequence > 0) await folded?.(sequence);
}

function forget(window: DuplicateWindow, ids: EventIdWords): void {
  for (let at = 0; at < ids.length; at += wordsPerId) window.remove(ids, at);
}
