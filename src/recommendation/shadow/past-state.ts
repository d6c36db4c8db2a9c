import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { isPalateError, PalateError } from '../../errors.ts';
import type { FileStatus, JournalReader } from '../../journal/journal.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { RecordBlock } from '../../journal/record-block.ts';
import { decodeEvent } from '../decode-event.ts';
import type { FoldSettings } from '../fold/settings.ts';
import { createState, type State } from '../fold/state.ts';
import { type Restored, restoreNewest, type SnapshotJournal } from '../snapshots/restore.ts';
import type { Origin } from '../snapshots/save.ts';
import { listSnapshots } from '../snapshots/snapshot-folder.ts';

/** What it tells its operator. */
export interface PastStateLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PastStateOptions {
  readonly reader: JournalReader;
  readonly settings: FoldSettings;
  /** Where snapshots to start from lie; undefined: each start is from the journal's first record. */
  readonly snapshotFolder?: string | undefined;
  readonly log: PastStateLog;
  /** Also the last whole group of the journal, which nothing proves: where nobody writes it. Default: no. */
  readonly includeUnproven?: boolean;
  /** Other work gets its turn after so long. */
  readonly sliceMillis?: number;
  /** Told now and then how many records were folded since the last call of `foldTo`. */
  readonly onProgress?: (records: number) => void;
}

/** How often the files are looked at while a record that is durable is not proven by what follows. */
const pollMillis = 20;
/** A snapshot that lies further ahead than so many sequences is loaded rather than folded to. */
const worthLoading = 500_000;

/**
 * One state, folded from a journal's files up to a given record. It rolls forward; to go back it starts anew, from the
 * nearest snapshot where there is one.
 */
export class PastState {
  readonly #options: PastStateOptions;
  #state: State;
  #journalId = '';
  #generation = 0;
  /** The generation that was asked for when the state was begun. */
  #askedGeneration: number | undefined;
  #records = 0;
  #appendedAtMicros = 0;
  #unreadable = 0;
  #restored: Restored | undefined;

  constructor(options: PastStateOptions) {
    this.#options = options;
    this.#state = createState(options.settings);
  }

  get state(): State {
    return this.#state;
  }

  /** Records whose bytes are no event: reported and passed over. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** The snapshot that the state started from. */
  get restored(): Restored | undefined {
    return this.#restored;
  }

  origin(): Origin {
    return {
      journalId: this.#journalId,
      generation: this.#generation,
      appendedAtMicros: this.#appendedAtMicros,
      records: this.#records,
    };
  }

  /**
   * Folds everything up to and with `sequence`, which is durable, and nothing later. A state that was begun for another
   * `generation` begins anew. Waits for what follows it to prove
   * so where it is the journal's last record.
   * @throws PalateError SEQUENCE_UNAVAILABLE where records before it were dropped and no snapshot has them;
   * what the journal throws. Throws the signal's reason; the state is then as far as it came.
   */
  async foldTo(sequence: number, signal: AbortSignal, generation?: number): Promise<void> {
    const status = await this.#proven(sequence, signal);
    if (this.#askedGeneration !== generation) this.#journalId = '';
    this.#askedGeneration = generation;
    await this.#prepare(sequence, status, signal);
    const folded = await this.#foldThrough(sequence, signal);
    signal.throwIfAborted();
    this.#options.onProgress?.(folded);
  }

  async #foldThrough(sequence: number, signal: AbortSignal): Promise<number> {
    let folded = 0;
    let sliceEnds = performance.now() + this.#sliceMillis;
    for await (const block of this.#read(signal)) {
      for (let at = 0; at < block.length; at++) {
        if (block.sequence(at) > sequence) return folded;
        this.#fold(block, at);
        folded += 1;
        if (folded % 16 !== 0 || performance.now() < sliceEnds) continue;
        this.#options.onProgress?.(folded);
        await setImmediate();
        signal.throwIfAborted();
        sliceEnds = performance.now() + this.#sliceMillis;
      }
    }
    return folded;
  }

  /**
   * The last record that the journal had taken by a time, which lies before that of a record that is durable by now. 0:
   * it had none.
   */
  async sequenceAt(appendedAtMicros: number, signal: AbortSignal): Promise<number> {
    const { reader, includeUnproven = false } = this.#options;
    while ((await reader.status()).lastAppendedAtMicros <= appendedAtMicros && !includeUnproven) {
      await sleep(pollMillis, undefined, { signal });
    }
    return reader.lastUntil({ appendedAtMicros }, { includeUnproven });
  }

  /** Tells the log of a snapshot that was passed over. */
  readonly onUnusable = (snapshot: string, error: PalateError): void => {
    this.#options.log.warn({ snapshot, error }, 'a snapshot is not used');
  };

  get #sliceMillis(): number {
    return this.#options.sliceMillis ?? 20;
  }

  async #proven(sequence: number, signal: AbortSignal): Promise<FileStatus> {
    const { reader, includeUnproven } = this.#options;
    for (;;) {
      const status = await reader.status();
      if ((includeUnproven ? status.lastSequence : status.durableSequence) >= sequence) return status;
      await sleep(pollMillis, undefined, { signal });
    }
  }

  /** Makes the state one that has to go forward only. */
  async #prepare(sequence: number, status: FileStatus, signal: AbortSignal): Promise<void> {
    const { firstSequence } = status;
    const isOther = this.#journalId !== status.journalId || this.#generation !== status.generation;
    const isCutOff = this.#state.sequence + 1 < firstSequence;
    if (isOther || isCutOff || this.#state.sequence > sequence || (await this.#isFarFrom(sequence))) {
      await this.#begin(sequence, status, signal);
    }
    if (this.#state.sequence + 1 >= firstSequence || sequence === 0) return;
    throw new PalateError(
      'SEQUENCE_UNAVAILABLE',
      `the journal begins at sequence ${firstSequence}, and no snapshot holds what was before: ${sequence} cannot be folded`,
    );
  }

  async #isFarFrom(sequence: number): Promise<boolean> {
    const { snapshotFolder } = this.#options;
    if (snapshotFolder === undefined || sequence - this.#state.sequence < worthLoading) return false;
    const nearest = (await listSnapshots(snapshotFolder)).find((file) => file.sequence <= sequence);
    return nearest !== undefined && nearest.sequence - this.#state.sequence > worthLoading;
  }

  async #begin(sequence: number, status: FileStatus, signal: AbortSignal): Promise<void> {
    const { settings, snapshotFolder: folder, reader, includeUnproven = false } = this.#options;
    this.#state = createState(settings);
    this.#journalId = status.journalId;
    this.#generation = status.generation;
    this.#records = 0;
    this.#appendedAtMicros = 0;
    this.#unreadable = 0;
    this.#restored = undefined;
    if (folder === undefined) return;
    const durableSequence = includeUnproven ? status.lastSequence : status.durableSequence;
    const journal: SnapshotJournal = {
      status: () => ({ ...status, durableSequence }),
      read: (options) => reader.read({ ...options, includeUnproven }),
    };
    this.#restored = await restoreNewest(this.#state, {
      folder,
      journal,
      through: sequence,
      signal,
      onUnusable: this.onUnusable,
    });
    this.#records = this.#restored?.header.records ?? 0;
    this.#appendedAtMicros = this.#restored?.header.appendedAtMicros ?? 0;
  }

  #read(signal: AbortSignal): AsyncIterable<RecordBlock> {
    const { reader, includeUnproven = false } = this.#options;
    return reader.readBlocks({ afterSequence: this.#state.sequence, signal, includeUnproven });
  }

  #fold(block: RecordBlock, at: number): void {
    const sequence = block.sequence(at);
    this.#records += 1;
    this.#appendedAtMicros = block.appendedAtMicros(at);
    if (block.isTombstone(at)) {
      this.#state.skip(sequence);
      return;
    }
    const header = { sequence, appendedAtMicros: this.#appendedAtMicros, tenant: block.tenant(at) };
    if (!this.#state.applyBytes(header, block.bytes, block.from(at), block.to(at))) this.#decode(block.record(at));
  }

  #decode(record: JournalRecord): void {
    if (record.kind === 'tombstone') return;
    const { sequence } = record;
    try {
      this.#state.apply(record, decodeEvent(sequence, record.event));
    } catch (error) {
      if (isPalateError(error)) throw error;
      this.#unreadable += 1;
      this.#options.log.error({ sequence, error }, 'a record of the journal is no event: it is passed over');
      this.#state.skip(sequence);
    }
  }
}
