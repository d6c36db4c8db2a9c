/** Ids of one kind and the person that each leads to. */
import { grownInts } from './growth.ts';
import { Interner } from './interner.ts';

const nobody = -1;

export class Ids {
  readonly texts = new Interner();
  /** By the id's number among `texts`. */
  #persons = new Int32Array(256).fill(nobody);

  /** -1: the id leads to nobody. */
  personOf(id: number | undefined): number {
    return id === undefined ? nobody : (this.#persons[id] ?? nobody);
  }

  /** From now on the id leads to that person. */
  lead(id: number, person: number): void {
    if (id >= this.#persons.length) this.#persons = grownInts(this.#persons, id + 1, nobody);
    this.#persons[id] = person;
  }

  /** The id leads to nobody, and its text is gone. */
  forget(id: number): void {
    this.lead(id, nobody);
    this.texts.wipe(id);
  }

  /** Those that lead to somebody. */
  *entries(): Generator<readonly [id: string, person: number]> {
    for (let id = 0; id < this.texts.size; id++) {
      if (this.personOf(id) !== nobody) yield [this.texts.textOf(id), this.personOf(id)];
    }
  }
}
