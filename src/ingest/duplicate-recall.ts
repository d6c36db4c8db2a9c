import { isPalateError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { Log } from '../rpc/log.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import type { Duplicates } from './duplicates.ts';
import { IdNotes } from './id-notes.ts';
import { type Recalled, type RecallThread, startRecall } from './recall-thread.ts';

/** What a second thread needs to recall from beside. */
export interface RecallHelp {
  /** The journal's. */
  readonly folder: string;
  /** Of each window. */
  readonly capacity: number;
  readonly log: Log;
  /** Where there are fewer records to be read, it does not pay. Default: 50,000. */
  readonly fromRecords?: number;
  /**
   * By the time of `start`, `oldEnough` tells it of all records, as a state does that was folded meanwhile: where one tenant has
   * them all, the older ones need not be read for that. Default: no.
   */
  readonly isStateFolded?: boolean;
}

/**
 * Fills the windows from the journal at the start. A long journal is read by a thread of its own, which begins with `early`, while others
 * fold it here; what that one has not read by the time of `start` is read then.
 */
export class DuplicateRecall implements Part {
  readonly name = 'duplicates';
  /** Goes before what takes long. */
  readonly early: Part = { name: 'recall of duplicates', start: async () => this.#begin() };
  readonly duplicates: Duplicates;
  readonly #journal: Pick<Journal, 'readBlocks' | 'status'>;
  readonly #oldEnough: () => number;
  readonly #help: RecallHelp | undefined;
  #thread: RecallThread | undefined;
  /** Undefined: the thread was not asked, or could not. */
  #recalled: Promise<Recalled | undefined> | undefined;

  /** `oldEnough`: up to which sequence no id is needed; asked when reading begins. */
  constructor(
    journal: Pick<Journal, 'readBlocks' | 'status'>,
    duplicates: Duplicates,
    oldEnough: () => number = () => 0,
    help?: RecallHelp,
  ) {
    this.#journal = journal;
    this.duplicates = duplicates;
    this.#oldEnough = oldEnough;
    this.#help = help;
  }

  /** Throws what the journal throws: a corrupt record must not make a duplicate look new. */
  async start(): Promise<void> {
    const recalled = await this.#usable();
    for (const [tenant, parts] of recalled?.windows ?? []) this.duplicates.put(tenant, DuplicateWindow.of(parts));
    const notes = new IdNotes(this.duplicates, recalled?.throughSequence ?? this.#afterSequence());
    const sequence = this.#journal.status().durableSequence;
    if (notes.throughSequence >= sequence) return;
    await notes.noteThrough(sequence, this.#journal.readBlocks({ afterSequence: notes.throughSequence }));
  }

  async stop(): Promise<void> {
    await this.#thread?.stop();
  }

  /** What the thread recalled, unless it left records out that are needed: then there are more tenants than it saw. */
  async #usable(): Promise<Recalled | undefined> {
    const recalled = await this.#recalled;
    return recalled === undefined || recalled.afterSequence > this.#afterSequence() ? undefined : recalled;
  }

  #begin(): void {
    if (this.#help === undefined) return;
    const { folder, capacity, log, fromRecords = 50_000, isStateFolded = false } = this.#help;
    const task = {
      folder,
      capacity,
      afterSequence: this.#afterSequence(),
      throughSequence: this.#journal.status().durableSequence,
      isOneTenantLikely: isStateFolded,
    };
    if (task.throughSequence - task.afterSequence < fromRecords) return;
    const thread = startRecall(task, log);
    this.#thread = thread;
    this.#recalled = thread.recalled.catch((thrown: unknown) => {
      // Whatever is wrong with the journal shows again where it is read here.
      if (!isStop(thrown)) log.warn({ err: thrown }, 'the ids of events are recalled without a second thread');
      return undefined;
    });
  }

  #afterSequence(): number {
    return Math.max(this.#journal.status().firstSequence - 1, this.#oldEnough());
  }
}

function isStop(thrown: unknown): boolean {
  return isPalateError(thrown) && thrown.reason === 'SHUTTING_DOWN';
}
