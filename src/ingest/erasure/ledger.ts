/**
 * `erasures.json` of a data folder: whose later events are turned away, and what is not finished yet. It holds keyed
 * digests and no ids. Where it is missing it is made anew from the journal, whose records of erasures stay.
 */

import { join } from 'node:path';
import { PalateError } from '../../errors.ts';
import { readIfThere, writeDurably } from '../../files/durable-file.ts';
import type { Digester, IdKind } from './digester.ts';
import type { ErasedId } from './erased-ids.ts';

export interface Ledger {
  /** Of erasures that are finished: users, and the visitors that were theirs to the end. */
  readonly ids: readonly ErasedId[];
  /** All that an unfinished erasure takes away, where that is known already. */
  readonly plan: readonly ErasedId[];
  /** Users whose erasure may be in the journal behind `unfinishedAfter`. */
  readonly begun: readonly ErasedId[];
  /** Undefined: all that the journal holds are finished. */
  readonly unfinishedAfter: number | undefined;
}

const version = 1;

/** As it stands in the file: `to` null is without end, `unfinishedAfter` null is none. */
interface LedgerFile {
  readonly version: number;
  readonly journalId: string;
  readonly keyCheck: string;
  readonly unfinishedAfter: number | null;
  readonly ids: readonly IdInFile[];
  readonly plan: readonly IdInFile[];
  readonly begun: readonly IdInFile[];
}

/** Tenant, kind, digest, quick number, from, to. */
type IdInFile = readonly [string, IdKind, string, number | null, number, number | null];

export class LedgerStore {
  readonly #path: string;
  readonly #journalId: string;
  readonly #keyCheck: string;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(folder: string, journalId: string, digester: Digester) {
    this.#path = join(folder, 'erasures.json');
    this.#journalId = journalId;
    this.#keyCheck = digester.check;
  }

  /**
   * Undefined: there is none. One of another journal has its ids, and all of this journal is yet to be looked at.
   * Rejects with ERASURE_KEY_WRONG where another key made it, INPUT_UNREADABLE where it cannot be read.
   */
  async load(): Promise<Ledger | undefined> {
    const text = await readIfThere(this.#path);
    if (text === undefined) return undefined;
    const file = this.#parse(text);
    if (file.keyCheck !== this.#keyCheck) {
      throw new PalateError('ERASURE_KEY_WRONG', `${this.#path} was made with another erasure.key than the one here`);
    }
    const isOurs = file.journalId === this.#journalId;
    return {
      ids: file.ids.map(fromFile),
      plan: isOurs ? file.plan.map(fromFile) : [],
      begun: isOurs ? file.begun.map(fromFile) : [],
      unfinishedAfter: isOurs ? (file.unfinishedAfter ?? undefined) : 0,
    };
  }

  /** Resolves when it is on the disk. `ledger` is asked when its turn comes: writes go one after the other. */
  save(ledger: () => Ledger): Promise<void> {
    const written = this.#writing.then(() => writeDurably(this.#path, this.#format(ledger())));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  #parse(text: string): LedgerFile {
    try {
      const file = JSON.parse(text) as LedgerFile;
      if (file.version === version) return file;
    } catch (cause) {
      throw new PalateError('INPUT_UNREADABLE', `${this.#path} is no ledger of erasures`, { cause });
    }
    throw new PalateError('INPUT_UNREADABLE', `${this.#path} is of another version than ${version}`);
  }

  #format({ ids, plan, begun, unfinishedAfter }: Ledger): string {
    const file: LedgerFile = {
      version,
      journalId: this.#journalId,
      keyCheck: this.#keyCheck,
      unfinishedAfter: unfinishedAfter ?? null,
      ids: ids.map(toFile),
      plan: plan.map(toFile),
      begun: begun.map(toFile),
    };
    return `${JSON.stringify(file)}\n`;
  }
}

function toFile({ tenant, kind, digest, quick, from, to }: ErasedId): IdInFile {
  return [tenant, kind, digest, quick ?? null, from, to === Number.POSITIVE_INFINITY ? null : to];
}

function fromFile([tenant, kind, digest, quick, from, to]: IdInFile): ErasedId {
  return { tenant, kind, digest, quick: quick ?? undefined, from, to: to ?? Number.POSITIVE_INFINITY };
}
