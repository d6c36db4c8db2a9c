/**
 * What a batch passes between its check and the journal: events of erased people are turned away, and an erasure is
 * journalled without the id that it is about.
 */

import { type AcceptedEvent, type RejectedEvent, readAcceptedId } from '../../events/checked-event.ts';
import { type EventRanges, packEvents } from '../../events/event-ranges.ts';
import type { Appended, Journal } from '../../journal/journal.ts';
import type { DuplicateWindow } from '../duplicate-window.ts';
import { RecordIds } from './record-ids.ts';
import type { Erasure, ErasureRegistry } from './registry.ts';
import { seal } from './seal.ts';

/** A batch after its check. `rejected` is in the order of the indices. */
export interface CheckedBatch {
  readonly accepted: readonly AcceptedEvent[];
  /** The bytes of `accepted`. */
  readonly events: EventRanges;
  readonly rejected: readonly (RejectedEvent & { readonly index: number })[];
  /** Whether one of the accepted events is a `UserErased`. */
  readonly erases: boolean;
}

/** A batch as it goes on. */
export interface ScreenedBatch extends Pick<CheckedBatch, 'accepted' | 'rejected'> {
  /** Appends it, in the same turn. The erasures in it are begun when they are durable. */
  append(append: () => Appended): Appended;
  /** To be called when the batch is durable and folded, before it is acknowledged: its erased users are masked. */
  mask(): void;
}

export interface ErasureGate {
  /**
   * What of a batch goes on. The function that it resolves with is to be called right before the append: between the two
   * nothing else may run. Undefined: all of it.
   */
  prepare(tenant: string, batch: CheckedBatch): Promise<Screen> | undefined;
}

export type Screen = (window: DuplicateWindow) => ScreenedBatch;

export interface GateOptions {
  readonly registry: ErasureRegistry;
  readonly journal: Pick<Journal, 'status'>;
  /** Told of each erasure when its record is durable. */
  readonly onDurable: () => void;
  /** Lets the state of this process say nothing more of a user. */
  readonly mask?: ((tenant: string, userId: string) => void) | undefined;
}

const words = new Uint32Array(4);
const ids = new RecordIds();

export function createErasureGate(options: GateOptions): ErasureGate {
  const { registry } = options;
  return {
    prepare(tenant, batch) {
      if (!batch.erases && !(registry.isNeeded && isTouched(registry, tenant, batch.events))) return undefined;
      return prepare(options, tenant, batch);
    },
  };
}

/** A server that keeps no journal of its own takes no erasures. */
export const withoutErasures: ErasureGate = {
  prepare: (_, batch) => (batch.erases ? Promise.resolve(() => refuseErasures(batch, unableMessage)) : undefined),
};

/** An erasure of a batch that may be journalled. */
interface Begun {
  readonly erasure: Erasure;
  readonly userId: string;
}

/** Whether an event is to be turned away. Until somebody was erased this is not asked, and then it has to be quick. */
function isTouched(registry: ErasureRegistry, tenant: string, { bytes, from, to, length }: EventRanges): boolean {
  for (let at = 0; at < length; at++) {
    if (ids.read(bytes, from[at], to[at]) && registry.turnedAwayFor(tenant, bytes, ids) !== undefined) return true;
  }
  return false;
}

async function prepare(options: GateOptions, tenant: string, batch: CheckedBatch): Promise<Screen> {
  if (batch.erases && options.journal.status().firstSequence > 1) return prepareRest(options, tenant, batch);
  const userIds = batch.accepted.filter(erases).map(({ event }) => event!.userId);
  const begun = userIds.length === 0 ? [] : await options.registry.begin(tenant, userIds);
  return (window) => {
    const screened = screen(options.registry, tenant, batch, begun, window);
    return {
      ...screened,
      append: (append) => follow(options, screened.begun, append),
      mask: () => {
        for (const { userId } of screened.begun) options.mask?.(tenant, userId);
      },
    };
  };
}

/**
 * Where records were dropped, only snapshots hold what came of them, and nobody can be taken out of those: an erasure
 * that could not be carried out is refused.
 */
async function prepareRest(options: GateOptions, tenant: string, batch: CheckedBatch): Promise<Screen> {
  const { accepted, rejected } = refuseErasures(batch, droppedMessage);
  const events = packEvents(accepted.map(({ bytes }) => bytes));
  return prepare(options, tenant, { accepted, rejected, events, erases: false });
}

const droppedMessage =
  'the oldest records were dropped (journal.retention), so the state cannot be folded without them';

function erases({ event }: AcceptedEvent): boolean {
  return event?.payload.case === 'userErased';
}

/** What a batch has of a user whom it erases is turned away, wherever it stands: it would be erased anyway. */
function screen(
  registry: ErasureRegistry,
  tenant: string,
  batch: CheckedBatch,
  erasures: readonly Erasure[],
  window: DuplicateWindow,
) {
  const accepted: AcceptedEvent[] = [];
  const turnedAway: CheckedBatch['rejected'][number][] = [];
  const begun: Begun[] = [];
  const indices = acceptedIndices(batch);
  let erased = 0;
  for (const [at, one] of batch.accepted.entries()) {
    if (erases(one)) {
      const erasure = erasures[erased++]!;
      accepted.push(seal(one.event!, erasure.user.digest));
      if (isKnown(one, window)) registry.release(erasure);
      else begun.push({ erasure, userId: one.event!.userId });
      continue;
    }
    const field = ids.read(one.bytes) ? registry.turnedAwayFor(tenant, one.bytes, ids) : undefined;
    if (field === undefined) accepted.push(one);
    else turnedAway.push({ index: indices[at]!, reason: 'USER_ERASED', field, message: erasedMessage });
  }
  const rejected = [...batch.rejected, ...turnedAway].sort((a, b) => a.index - b.index);
  return { accepted, rejected, begun };
}

const erasedMessage = 'this person was erased: their events are not taken in any more';

/** The places in the batch of the accepted events: those that are not among the rejected ones. */
function acceptedIndices({ accepted, rejected }: CheckedBatch): number[] {
  const indices: number[] = [];
  let passed = 0;
  for (let index = 0; indices.length < accepted.length; index++) {
    if (rejected[passed]?.index === index) passed++;
    else indices.push(index);
  }
  return indices;
}

function isKnown(event: AcceptedEvent, window: DuplicateWindow): boolean {
  return readAcceptedId(event, words) && window.has(words);
}

function follow({ registry, onDurable }: GateOptions, begun: readonly Begun[], append: () => Appended): Appended {
  const release = () => {
    for (const { erasure } of begun) registry.release(erasure);
  };
  try {
    const appended = append();
    if (begun.length > 0) {
      const confirm = () => {
        for (const { erasure } of begun) registry.confirm(erasure);
        onDurable();
      };
      appended.durable.then(confirm, release);
    }
    return appended;
  } catch (error) {
    release();
    throw error;
  }
}

const unableMessage = 'this server cannot erase; the event was not kept';

function refuseErasures(batch: CheckedBatch, message: string): ScreenedBatch {
  const indices = acceptedIndices(batch);
  const refused = batch.accepted.flatMap((one, at) => {
    const why = { reason: 'PAYLOAD_UNSUPPORTED', field: 'user_erased', message } as const;
    return erases(one) ? [{ index: indices[at]!, ...why }] : [];
  });
  return {
    accepted: batch.accepted.filter((one) => !erases(one)),
    rejected: [...batch.rejected, ...refused].sort((a, b) => a.index - b.index),
    append: (append) => append(),
    mask: () => undefined,
  };
}
