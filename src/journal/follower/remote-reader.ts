import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { microsOf } from '../../events/timestamp.ts';
import type { ConnectionOptions } from '../../rpc/client/connection.ts';
import { createGrpcClient } from '../../rpc/client/grpc-client.ts';
import { byteTarget } from '../byte-target.ts';
import type { FileReadOptions, FileStatus, JournalPlace, JournalReader } from '../journal.ts';
import { encodeRecord, encodeTenant, type JournalRecord, recordHeaderBytes } from '../record.ts';
import { BlockBuilder, type RecordBlock } from '../record-block.ts';
import { subscribeTo } from './subscription.ts';

/** Of the journal that another process has: what `openJournalForReading` is for files. */
export interface RemoteReader extends JournalReader {
  /** Lets the connection go. */
  close(): void;
}

/** Whose journal it is, and how they are reached. */
interface Owner {
  readonly address: string;
  readonly connection: ConnectionOptions;
}

/** A connection on which nothing is heard for so long is given up. */
const silenceMillis = 10_000;

/**
 * Reads the journal of the server at `address` from end to end, as a follower does, and does not wait for more. It is as
 * durable as the owner says. Nothing is tried again: a connection that breaks is UNREACHABLE.
 */
export function createRemoteReader(address: string, connection: ConnectionOptions = {}): RemoteReader {
  const { call, close } = createGrpcClient(IngestService, address, { connection });
  const owner = { address, connection };
  const status = async () => statusOf(await call.getJournalStatus({}));
  return {
    status,
    read: (options) => readRecords(owner, options),
    readBlocks: (options) => readBlocks(owner, options),
    lastUntil: async (place) => lastUntil(owner, place, await status()),
    close,
  };
}

type StatusAnswer = Awaited<
  ReturnType<ReturnType<typeof createGrpcClient<typeof IngestService>>['call']['getJournalStatus']>
>;

function statusOf(answer: StatusAnswer): FileStatus {
  const { journalId, lastAppendedAt, segments } = answer;
  const lastSequence = Number(answer.lastSequence);
  return {
    journalId,
    firstSequence: Number(answer.firstSequence),
    lastSequence,
    durableSequence: lastSequence,
    lastAppendedAtMicros: lastAppendedAt === undefined ? 0 : microsOf(lastAppendedAt),
    segments,
    bytes: Number(answer.sizeBytes),
    // Until a rewrite is complete, what is read may be of either.
    generation: Number(answer.settledGeneration),
  };
}

async function* readRecords(owner: Owner, options: FileReadOptions): AsyncGenerator<readonly JournalRecord[]> {
  const { afterSequence, maxRecords = Number.POSITIVE_INFINITY } = options;
  for await (const { block } of answersAfter(owner, afterSequence, options.signal)) {
    const records = block.records();
    for (let at = 0; at < records.length; at += maxRecords) yield records.slice(at, at + maxRecords);
  }
}

async function* readBlocks(owner: Owner, options: FileReadOptions): AsyncGenerator<RecordBlock> {
  for await (const records of readRecords(owner, options)) yield blockOf(records);
}

function answersAfter({ address, connection }: Owner, afterSequence: number, signal = new AbortController().signal) {
  const place = { afterSequence, journalId: '' };
  return subscribeTo(address, { place, signal, silenceMillis, untilEnd: true, connection });
}

/** As they lie in a file. */
function blockOf(records: readonly JournalRecord[]): RecordBlock {
  const sizes = records.map(({ tenant, event }) => recordHeaderBytes + tenant.length + event.length);
  const target = byteTarget(new Uint8Array(sizes.reduce((sum, size) => sum + size, 0)));
  const builder = new BlockBuilder(target.bytes.length, records.length);
  let start = 0;
  for (const { sequence, tenant, event, ...head } of records) {
    const end = encodeRecord(target, start, 0, { ...head, tenant: encodeTenant(tenant) }, event);
    builder.add(target, start, end, sequence);
    start = end;
  }
  return builder.take()!;
}

/** Looks at a few records only: each look halves what is left. */
async function lastUntil(
  owner: Owner,
  place: JournalPlace,
  { firstSequence, durableSequence }: FileStatus,
): Promise<number> {
  if (durableSequence === 0) return 0;
  const isBehind = (record: JournalRecord) =>
    'sequence' in place ? record.sequence > place.sequence : record.appendedAtMicros > place.appendedAtMicros;
  let last = firstSequence - 1;
  let end = durableSequence;
  while (last < end) {
    const middle = Math.floor((last + end) / 2);
    const record = await firstAfter(owner, middle);
    if (record === undefined || isBehind(record)) end = middle;
    else last = record.sequence;
  }
  return last < firstSequence ? 0 : last;
}

async function firstAfter(owner: Owner, sequence: number): Promise<JournalRecord | undefined> {
  for await (const { block } of answersAfter(owner, sequence)) {
    if (block.length > 0) return block.records()[0];
  }
  return undefined;
}
