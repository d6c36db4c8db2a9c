/** Reads the journal out to one caller: the tenant's records, and heartbeats that tell how far it was read. */

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { JournalRecordSchema, SubscribeResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
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

/** Field numbers, from the contract. */
const fields = {
  records: SubscribeResponseSchema.field.records.number,
  throughSequence: SubscribeResponseSchema.field.throughSequence.number,
  sequence: JournalRecordSchema.field.sequence.number,
  appendedAt: JournalRecordSchema.field.appendedAt.number,
  event: JournalRecordSchema.field.event.number,
} as const;

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
): AsyncGenerator<Uint8Array, void, undefined> {
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
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = journal.status().durableSequence;
  let through = options.afterSequence;
  for await (const records of journal.read(options)) {
    through = records.at(-1)?.sequence ?? through;
    yield response(records, tenant, through);
    if (through >= end) return;
  }
  yield response([], tenant, Math.max(through, end));
}

/**
 * A `SubscribeResponse` in wire form. Written by hand, so that an event goes out by the bytes it came in, neither decoded
 * nor encoded again.
 */
function response(records: readonly JournalRecord[], tenant: string, throughSequence: number): Uint8Array {
  const writer = new BinaryWriter();
  for (const record of records) {
    if (record.tenant === tenant)
      writeRecord(writer.tag(fields.records, WireType.LengthDelimited).fork(), record).join();
  }
  return writer.tag(fields.throughSequence, WireType.Varint).int64(throughSequence).finish();
}

function writeRecord(writer: BinaryWriter, { sequence, appendedAtMicros, kind, event }: JournalRecord): BinaryWriter {
  const { seconds, nanos } = timestampOf(appendedAtMicros);
  writer.tag(fields.sequence, WireType.Varint).int64(sequence);
  writer.tag(fields.appendedAt, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(seconds).tag(2, WireType.Varint).int32(nanos).join();
  return kind === 'tombstone' ? writer : writer.tag(fields.event, WireType.LengthDelimited).bytes(event);
}
