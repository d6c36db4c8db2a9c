import { CommitQueue } from './commit-queue.ts';
import { assertCovered, Cursor } from './cursor.ts';
import type { Disk } from './disk.ts';
import { openError } from './failure.ts';
import type {
  Durability,
  FollowBatch,
  FollowOptions,
  Journal,
  JournalLog,
  JournalStatus,
  JournalWatch,
  ReadOptions,
} from './journal.ts';
import { Maintenance } from './maintenance.ts';
import { realDisk } from './real-disk.ts';
import type { JournalRecord } from './record.ts';
import type { RecordBlock } from './record-block.ts';
import { type Recovered, recover } from './recovery.ts';
import type { Segment } from './segment.ts';
import { createSegment, firstHeader, SegmentWriter } from './segment-writer.ts';

/** The embedded journal: segment files in a folder of this machine. */

export interface JournalOptions {
  /** Made where it is missing. One process writes it at a time. */
  readonly folder: string;
  readonly durability: Durability;
  /** A segment larger than this is followed by a new one. Default 128 MiB. */
  readonly segmentBytes?: number;
  /** More than this may not wait to become durable. Default 64 MiB, at most 1 GiB. */
  readonly maxPendingBytes?: number;
  readonly disk?: Disk;
  /** Microseconds since 1970. */
  readonly now?: () => number;
  readonly log?: JournalLog;
  readonly watch?: JournalWatch | undefined;
}

const silent: JournalLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** The wall clock: a monotonic one would drift away from it over weeks. */
const clockMicros = () => Date.now() * 1_000;
/** A group's length is 32 bits in the file. */
const mostPendingBytes = 1_073_741_824;

/**
 * Opens the journal in a folder, or makes one. It locks the folder, checks the header of every segment and the last
 * segment whole, and cuts off what a crash left unfinished. Earlier segments are checked when they are read, as every
 * start does that replays them.
 * @throws PalateError JOURNAL_LOCKED, JOURNAL_CORRUPT, JOURNAL_FORMAT, JOURNAL_FULL, DATA_UNWRITABLE, JOURNAL_FAILED
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, disk = realDisk, now = clockMicros, log = silent } = options;
  let unlock: (() => Promise<void>) | undefined;
  try {
    await disk.makeFolder(folder);
    unlock = await disk.lock(folder);
    const found = (await recover(disk, folder, log)) ?? (await create(disk, folder, now));
    return assemble({ ...options, disk, now, log }, found, unlock);
  } catch (error) {
    await unlock?.();
    throw openError(folder, error);
  }
}

async function create(disk: Disk, folder: string, now: () => number): Promise<Recovered> {
  const { segment, file } = await createSegment(disk, folder, firstHeader(1, now()));
  return { segments: [segment], file, lastSequence: 0, lastAppendedAtMicros: 0, proven: true };
}

type Resolved = JournalOptions & Required<Pick<JournalOptions, 'disk' | 'now' | 'log'>>;

function assemble(options: Resolved, found: Recovered, unlock: () => Promise<void>): Journal {
  const { disk, folder, durability, now, log, watch } = options;
  const { segments, lastSequence, lastAppendedAtMicros } = found;
  const sync = durability === 'disk';
  const writer = new SegmentWriter(
    { disk, folder, sync, segmentBytes: options.segmentBytes ?? 134_217_728, now, segments, watch },
    found.file,
    found,
  );
  const queue = new CommitQueue({
    writer,
    maxPendingBytes: Math.min(options.maxPendingBytes ?? 67_108_864, mostPendingBytes),
    now,
    log,
    watch,
    nextSequence: Math.max(lastSequence + 1, segments.at(-1)!.header.baseSequence),
    lastAppendedAtMicros,
    marksWhenIdle: sync,
  });
  const maintenance = new Maintenance({ disk, folder, now, log, segments, queue, writer });
  let closed: Promise<void> | undefined;
  const cursor = (read: ReadOptions) => {
    assertCovered(read.afterSequence, segments, queue.lastSequence);
    return new Cursor({ disk, segments }, read);
  };
  return {
    append: (batch) => queue.append(batch),
    durable: (sequence) => queue.durable(sequence),
    onDurable: (listener) => queue.onDurable(listener),
    read: (read) => records(readAll(cursor(read), read.signal)),
    readBlocks: (read) => readAll(cursor(read), read.signal),
    follow: (follow) => followOn(cursor(follow), queue, follow),
    rewrite: (rewrite) => maintenance.rewrite(rewrite),
    dropBefore: (sequence) => maintenance.dropBefore(sequence),
    status: () => status(segments, queue, durability, maintenance),
    close: () => {
      closed ??= maintenance
        .close()
        .then(() => queue.close())
        .finally(unlock);
      return closed;
    },
  };
}

function status(
  segments: readonly Segment[],
  queue: CommitQueue,
  durability: Durability,
  { generation, settledGeneration }: Maintenance,
): JournalStatus {
  const first = segments[0]!.header;
  return {
    journalId: Buffer.from(first.journalId).toString('hex'),
    firstSequence: first.baseSequence,
    lastSequence: queue.lastSequence,
    durableSequence: queue.durableSequence,
    lastAppendedAtMicros: queue.lastAppendedAtMicros,
    segments: segments.length,
    bytes: segments.reduce((bytes, { durableBytes }) => bytes + durableBytes, 0),
    pendingBytes: queue.pendingBytes,
    durability,
    generation,
    settledGeneration,
    state: queue.state,
  };
}

async function* records(blocks: AsyncIterable<RecordBlock>): AsyncGenerator<readonly JournalRecord[]> {
  for await (const block of blocks) yield block.records();
}

async function* readAll(cursor: Cursor, signal: AbortSignal | undefined): AsyncGenerator<RecordBlock> {
  try {
    while (!signal?.aborted) {
      const block = await cursor.nextBlock();
      if (block === undefined) return;
      yield block;
    }
  } finally {
    await cursor.close();
  }
}

async function* followOn(cursor: Cursor, queue: CommitQueue, options: FollowOptions): AsyncGenerator<FollowBatch> {
  const { signal, heartbeatMillis = 10_000 } = options;
  try {
    while (!signal?.aborted) {
      const batch = await nextOrHeartbeat(cursor, queue, heartbeatMillis, signal);
      if (batch !== undefined) yield batch;
    }
  } finally {
    await cursor.close();
  }
}

/** `undefined`: something has changed, look again. */
async function nextOrHeartbeat(
  cursor: Cursor,
  queue: CommitQueue,
  heartbeatMillis: number,
  signal: AbortSignal | undefined,
): Promise<FollowBatch | undefined> {
  const changed = watch(queue, heartbeatMillis, signal);
  try {
    const records = await cursor.next();
    if (records.length > 0) return { records, throughSequence: cursor.throughSequence };
    if (queue.ended !== undefined) throw queue.ended;
    const outcome = await changed.outcome;
    return outcome === 'timeout' ? { records, throughSequence: cursor.throughSequence } : undefined;
  } finally {
    changed.cancel();
  }
}

/** Waits for a change from now on, at most so long. Set up before reading, so that none slips between. */
function watch(queue: CommitQueue, timeoutMillis: number, signal: AbortSignal | undefined) {
  const { promise: outcome, resolve } = Promise.withResolvers<'changed' | 'timeout'>();
  const done = (how: 'changed' | 'timeout') => {
    clearTimeout(timer);
    forget();
    signal?.removeEventListener('abort', cancel);
    resolve(how);
  };
  const cancel = () => done('changed');
  const forget = queue.onceChanged(cancel);
  const timer = setTimeout(() => done('timeout'), timeoutMillis);
  signal?.addEventListener('abort', cancel, { once: true });
  return { outcome, cancel };
}
