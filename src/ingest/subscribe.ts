/** Reads the journal out to one caller, and tells how far it was read and where it ends. */

import { PalateError } from '../errors.ts';
import type { FollowBatch, Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { MaskedUser } from './masked-users.ts';
import { encodeAnswer } from './subscribe-answer.ts';

export interface Subscription {
  /** Whose records; undefined: those of all, each with its tenant. */
  readonly tenant: string | undefined;
  /** Exclusive; 0 is the start of what is kept, and for the records of all tenants the start of all. */
  readonly afterSequence: number;
  /** The journal that the caller knows; '': any. */
  readonly journalId: string;
  /** End at the journal's present end. */
  readonly untilEnd: boolean;
  /** Ends it early and quietly: the caller is gone, or the server drains. */
  readonly signal: AbortSignal;
  readonly heartbeatMillis: number;
  /** Who is being erased: the same array until it changes. */
  readonly masked: () => readonly MaskedUser[];
}

/** What of a journal is read here. */
export type ReadableJournal = Pick<Journal, 'read' | 'follow' | 'status'>;

/** The contract allows 1 MiB of records in a message; their headers need a little of it. */
const maxBytes = 1_048_576 - 65_536;

/**
 * Batches of durable records in order, as `SubscribeResponse` in wire form. A batch with none of the tenant's is a heartbeat:
 * it moves `through_sequence` on, so that a caller who comes back does not read the same again.
 *
 * An answer's generation is the one that was settled before its records were read: none of them was erased in it.
 * Throws JOURNAL_CHANGED, SEQUENCE_UNAVAILABLE, JOURNAL_CORRUPT and JOURNAL_CLOSED.
 */
export async function* subscribe(
  journal: ReadableJournal,
  subscription: Subscription,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { tenant } = subscription;
  const { journalId } = journal.status();
  assertSame(journalId, subscription.journalId);
  let told: readonly MaskedUser[] = [];
  let generation = journal.status().settledGeneration;
  for await (const { records, throughSequence } of read(journal, subscription)) {
    const users = tenant === undefined ? subscription.masked() : told;
    const lastSequence = Math.max(journal.status().durableSequence, throughSequence);
    const shown = tenant === undefined ? records : records.filter((record) => record.tenant === tenant);
    yield encodeAnswer(shown, tenant === undefined, {
      throughSequence,
      lastSequence,
      journalId,
      generation,
      masked: users === told ? [] : users,
    });
    told = users;
    generation = journal.status().settledGeneration;
  }
}

function read(journal: ReadableJournal, subscription: Subscription): AsyncIterable<FollowBatch> {
  const afterSequence = startOf(journal, subscription);
  return subscription.untilEnd
    ? untilTheEnd(journal, subscription, afterSequence)
    : following(journal, subscription, afterSequence);
}

/** The first answer comes at once, so that the caller knows how far behind it is. */
async function* following(
  journal: ReadableJournal,
  { signal, heartbeatMillis }: Subscription,
  afterSequence: number,
): AsyncGenerator<FollowBatch> {
  const batches = journal.follow({ afterSequence, signal, heartbeatMillis, maxBytes });
  yield { records: [], throughSequence: afterSequence };
  yield* batches;
}

async function* untilTheEnd(
  journal: ReadableJournal,
  { signal }: Subscription,
  afterSequence: number,
): AsyncGenerator<FollowBatch> {
  const end = journal.status().durableSequence;
  let throughSequence = afterSequence;
  for await (const records of journal.read({ afterSequence, signal, maxBytes })) {
    throughSequence = lastOf(records, throughSequence);
    yield { records, throughSequence };
    if (throughSequence >= end) return;
  }
  yield { records: [], throughSequence: Math.max(throughSequence, end) };
}

function lastOf(records: readonly JournalRecord[], otherwise: number): number {
  return records.at(-1)?.sequence ?? otherwise;
}

/** A state is wrong unless it has folded all from the very first record on; anyone else takes what is kept. */
function startOf(journal: ReadableJournal, { tenant, afterSequence }: Subscription): number {
  return tenant !== undefined && afterSequence === 0 ? journal.status().firstSequence - 1 : afterSequence;
}

function assertSame(journalId: string, expected: string): void {
  if (expected === '' || expected === journalId) return;
  throw new PalateError(
    'JOURNAL_CHANGED',
    `the journal here is ${journalId}, and not ${expected} that was read before`,
    {
      metadata: { journal_id: journalId },
    },
  );
}
