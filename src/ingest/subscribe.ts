/** Reads the journal out to one caller: the tenant's records, and heartbeats that tell how far it was read. */

import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import type { JournalRecordSchema, SubscribeResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { timestampOf } from '../events/timestamp.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalRecord } from '../journal/record.ts';

export interface Subscription {
  readonly tenant: string;
  /** Exclusive; 0 is the start of what is kept. */
  readonly afterSequence: number;
  /** End at the journal's present end. */
  readonly untilEnd: boolean;
  /** Ends it early and quietly: the caller is gone, or the server drains. */
  readonly signal: AbortSignal;
  readonly heartbeatMillis: number;
}

type Response = MessageInitShape<typeof SubscribeResponseSchema>;

/** The contract allows 1 MiB of records in a message; their headers need a little of it. */
const maxMessageBytes = 1_048_576 - 65_536;

/**
 * Batches of the tenant's durable records in order. A batch with none of this tenant's is a heartbeat: it moves
 * `through_sequence` on, so that a caller who comes back does not read the same again.
 * Throws SEQUENCE_UNAVAILABLE, JOURNAL_CORRUPT and JOURNAL_CLOSED.
 */
export async function* subscribe(
  journal: Journal,
  subscription: Subscription,
): AsyncGenerator<Response, void, undefined> {
  const { tenant, untilEnd, ...reading } = subscription;
  const options = { ...reading, maxBytes: maxMessageBytes };
  if (untilEnd) {
    yield* readToEnd(journal, tenant, options);
    return;
  }
  for await (const { records, throughSequence } of journal.follow(options)) {
    yield response(records, tenant, throughSequence);
  }
}

async function* readToEnd(
  journal: Journal,
  tenant: string,
  options: { readonly afterSequence: number; readonly signal: AbortSignal; readonly maxBytes: number },
): AsyncGenerator<Response, void, undefined> {
  const end = journal.status().durableSequence;
  let through = options.afterSequence;
  for await (const records of journal.read(options)) {
    through = records.at(-1)?.sequence ?? through;
    yield response(records, tenant, through);
    if (through >= end) return;
  }
  yield response([], tenant, Math.max(through, end));
}

function response(records: readonly JournalRecord[], tenant: string, throughSequence: number): Response {
  const own = records.filter((record) => record.tenant === tenant);
  return { records: own.map(toMessage), throughSequence: BigInt(throughSequence) };
}

function toMessage(record: JournalRecord): MessageInitShape<typeof JournalRecordSchema> {
  const message = { sequence: BigInt(record.sequence), appendedAt: timestampOf(record.appendedAtMicros) };
  return record.kind === 'tombstone' ? message : { ...message, event: fromBinary(EventSchema, record.event) };
}
