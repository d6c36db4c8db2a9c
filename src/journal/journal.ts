import type { EventRanges } from '../events/event-ranges.ts';
import type { JournalRecord } from './record.ts';
import type { RecordBlock } from './record-block.ts';

/**
 * The durable, ordered log of events: everything Palate knows follows from it. One process writes it; what is not
 * durable is shown to nobody.
 */
export interface Journal {
  /**
   * Takes a batch, whole or not at all, and gives its events the next sequences. Returns at once; the events must not
   * be changed until `durable` settles. A batch without events is durable at once, with sequences 0.
   * @throws PalateError OVERLOADED where too much waits to become durable, BATCH_TOO_LARGE, JOURNAL_FULL,
   * JOURNAL_FAILED, JOURNAL_CLOSED.
   */
  append(batch: AppendBatch): Appended;
  /**
   * Resolves when everything up to `sequence` is durable.
   * Rejects with the reason of the group that it was in and that failed; SEQUENCE_UNAVAILABLE where none has it yet.
   */
  durable(sequence: number): Promise<void>;
  /**
   * Calls `listener` with each group in order, right after it became durable and before its `durable` promises resolve:
   * who waits for those sees what the listener did. Records from before are read with {@link Journal.read}.
   * To miss nothing, read to the end and then listen, before the first append.
   * A listener must not throw: the error is logged, and the journal goes on. Returns what ends it.
   */
  onDurable(listener: DurableListener): () => void;
  /**
   * Durable records after `afterSequence` (0: from the start), in order, up to the durable end at the time it gets
   * there. A record is checked when it is read. Ends quietly when `signal` aborts.
   * @throws PalateError JOURNAL_CORRUPT, naming segment, offset and sequence; SEQUENCE_UNAVAILABLE.
   */
  read(options: ReadOptions): AsyncIterable<readonly JournalRecord[]>;
  /** The same, without an object for each record: for those who read millions. */
  readBlocks(options: ReadOptions): AsyncIterable<RecordBlock>;
  /**
   * Like {@link Journal.read}, and then waits for more until `signal` aborts. Ends with JOURNAL_CLOSED or
   * JOURNAL_FAILED when the journal does.
   */
  follow(options: FollowOptions): AsyncIterable<FollowBatch>;
  /**
   * Erases records: each event for which `erase` says so becomes a tombstone, which keeps sequence, append time and
   * tenant. It looks at everything that was appended before the call. Appends and readers go on meanwhile; whoever reads
   * a segment that was rewritten goes on in the new one. When it resolves, nothing of the erased bytes is left in the
   * folder. Where it fails, or `signal` aborts, part of it may be done: call it again. Calls run one after the other.
   * `erase` must be quick, and answer the same each time: it may see a record twice.
   * Rejects with the signal's reason, with JOURNAL_CLOSED, JOURNAL_FULL, JOURNAL_FAILED, JOURNAL_CORRUPT.
   */
  rewrite(options: RewriteOptions): Promise<Rewritten>;
  /**
   * Removes whole segments, oldest first, whose records are all below `sequence`. The one that is written stays, so what
   * is left may begin earlier. Readers that still wanted them get SEQUENCE_UNAVAILABLE. Not while a rewrite runs: then
   * it waits.
   */
  dropBefore(sequence: number): Promise<Dropped>;
  status(): JournalStatus;
  /** Makes durable what waits, and lets the folder go. */
  close(): Promise<void>;
}

/** Reads the files of a journal that another process may be writing at the same time. */
export interface JournalReader {
  /**
   * Like {@link Journal.read}, over what the files hold. Where records were dropped, or where it starts behind the end,
   * it ends with SEQUENCE_UNAVAILABLE.
   * @throws PalateError JOURNAL_CORRUPT, JOURNAL_FORMAT, SEQUENCE_UNAVAILABLE, JOURNAL_FAILED; at the first step.
   */
  read(options: FileReadOptions): AsyncIterable<readonly JournalRecord[]>;
  /** The same, without an object for each record. */
  readBlocks(options: FileReadOptions): AsyncIterable<RecordBlock>;
  /**
   * The sequence of the last record at or before a place, among those that `read` would give out. 0 where none is.
   * Reads no more than one segment.
   */
  lastUntil(place: JournalPlace, options?: Pick<FileReadOptions, 'includeUnproven'>): Promise<number>;
  /** Looks at the files anew. */
  status(): Promise<FileStatus>;
}

/** A moment of the journal: a sequence, or the time at which it took a record. */
export type JournalPlace = { readonly sequence: number } | { readonly appendedAtMicros: number };

export interface FileReadOptions extends ReadOptions {
  /**
   * Also the last whole group, though nothing proves that it is durable. For a journal that nobody writes: opening it
   * would keep that group. While somebody writes, it may be taken back. Default: no.
   */
  readonly includeUnproven?: boolean;
}

export interface RewriteOptions {
  readonly erase: (record: JournalRecord) => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Rewritten {
  /** Events that became tombstones. */
  readonly erased: number;
  /** Of the journal from now on. Where nothing was to be erased, it stays. */
  readonly generation: number;
}

export interface Dropped {
  readonly segments: number;
  readonly bytes: number;
}

/** What the files of a journal tell. */
export interface FileStatus
  extends Pick<JournalStatus, 'journalId' | 'firstSequence' | 'durableSequence' | 'segments' | 'bytes' | 'generation'> {
  /** The last one in a whole group. Above `durableSequence` where nothing proves that group yet. */
  readonly lastSequence: number;
  /** Of the record at `durableSequence`. */
  readonly lastAppendedAtMicros: number;
}

export interface AppendBatch {
  /** '' is the default tenant. At most 255 characters of ASCII. */
  readonly tenant: string;
  /** Opaque trace context of the batch, at most 65,535 bytes; may be empty. */
  readonly trace: Uint8Array;
  readonly events: EventRanges | readonly Uint8Array[];
  /** Handed on to {@link Journal.onDurable} as it is, and never written: the decoded events, say. */
  readonly attachment?: unknown;
}

export interface Appended {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly appendedAtMicros: number;
  /** Resolves when the batch is durable and listeners have seen it. It need not be awaited. */
  readonly durable: Promise<void>;
}

/** A batch that has become durable: what was appended, and where it went. */
export interface DurableBatch extends AppendBatch {
  readonly events: EventRanges;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly appendedAtMicros: number;
}

export type DurableListener = (batches: readonly DurableBatch[]) => void;

export interface ReadOptions {
  /** Exclusive; 0 is the start. */
  readonly afterSequence: number;
  readonly signal?: AbortSignal | undefined;
  /** A batch holds at most so many bytes of records, or one record. Default 1 MiB. */
  readonly maxBytes?: number;
  /** A batch holds at most so many records. Default 8,192. */
  readonly maxRecords?: number;
}

export interface FollowOptions extends ReadOptions {
  /** After so long without a record an empty batch comes. Default 10,000. */
  readonly heartbeatMillis?: number;
}

export interface FollowBatch {
  /** Empty in a heartbeat. */
  readonly records: readonly JournalRecord[];
  /** Everything durable up to here has been given out. */
  readonly throughSequence: number;
}

/** When an append is acknowledged: after fdatasync(2), or already when the operating system has the bytes. */
export type Durability = 'disk' | 'os';

/** `full`: the last write found no room, and the next may. `failed`: only a restart helps. */
export type JournalState = 'open' | 'full' | 'failed' | 'closed';

export interface JournalStatus {
  /** Names this journal: 16 hex digits that stay the same for its whole life. */
  readonly journalId: string;
  /** Of the first record that is kept, or the next one where there is none. */
  readonly firstSequence: number;
  /** The last one given out; 0 before the first. */
  readonly lastSequence: number;
  readonly durableSequence: number;
  readonly lastAppendedAtMicros: number;
  readonly segments: number;
  /** Of all segments, what is durable. */
  readonly bytes: number;
  /** Waiting to become durable. */
  readonly pendingBytes: number;
  readonly durability: Durability;
  /** Rises by one when a rewrite begins to change segments; 1 until then. */
  readonly generation: number;
  /**
   * Follows `generation` when the rewrite is complete: who begins to read while it has a value meets nothing that was
   * erased in that generation.
   */
  readonly settledGeneration: number;
  readonly state: JournalState;
}

/** Told of the work of the disk, as it is done. Must be quick, and not throw. */
export interface JournalWatch {
  /** A group has become durable, so long after its writing began. */
  committed(group: { readonly events: number; readonly bytes: number; readonly millis: number }): void;
  /** An fdatasync took so long. */
  synced(millis: number): void;
}

/** What the journal tells its operator. pino fits as it is. */
export interface JournalLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
