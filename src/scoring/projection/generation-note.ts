import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable-file.ts';

/** The journal, and its generation, that the scorer's files are clean of the erased of. */
interface Noted {
  readonly journalId: string;
  readonly generation: number;
}

interface Written extends Noted {
  readonly stores: string;
}

/**
 * Of which erasures nothing is left in the scorer's files. It is in a file between a stop and the next start only: after a
 * crash nobody can tell what the files hold that the journal does not.
 */
export class GenerationNote {
  readonly #path: string;
  readonly #stores: string;
  #noted: Noted | undefined;

  /** @param stores what is known to be clean; what was noted of others does not count */
  constructor(folder: string, stores: string) {
    this.#path = join(folder, 'generation.json');
    this.#stores = stores;
  }

  /** Takes what the last process left. Whatever is wrong with it, it is as good as none. */
  async open(): Promise<void> {
    try {
      const written = JSON.parse(await readFile(this.#path, 'utf8')) as Written;
      this.#noted = written.stores === this.#stores ? written : undefined;
    } catch {
      this.#noted = undefined;
    }
    rmSync(this.#path, { force: true });
  }

  isOf({ journalId, generation }: Noted): boolean {
    return this.#noted?.journalId === journalId && this.#noted.generation === generation;
  }

  set(noted: Noted | undefined): void {
    this.#noted = noted;
  }

  /** Leaves it to the next process. */
  async close(): Promise<void> {
    if (this.#noted === undefined) return;
    await writeDurably(this.#path, JSON.stringify({ ...this.#noted, stores: this.#stores } satisfies Written));
  }
}
