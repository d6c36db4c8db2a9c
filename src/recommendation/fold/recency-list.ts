/** The numbers 0, 1, 2, … in one line, of which any can be moved to the front in O(1): a list linked by arrays. */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';

const nothing = -1;

export class RecencyList {
  #next = new Int32Array(256);
  #previous = new Int32Array(256);
  #first = nothing;
  #last = nothing;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** -1 where the list is empty. */
  get first(): number {
    return this.#first;
  }

  /** -1 after the last. */
  after(entry: number): number {
    return this.#next[entry]!;
  }

  /** Puts the next number at the end. */
  append(): void {
    const entry = this.#size++;
    this.#next = grownInts(this.#next, this.#size);
    this.#previous = grownInts(this.#previous, this.#size);
    this.#next[entry] = nothing;
    this.#previous[entry] = this.#last;
    if (this.#last === nothing) this.#first = entry;
    else this.#next[this.#last] = entry;
    this.#last = entry;
  }

  moveToFront(entry: number): void {
    if (entry === this.#first) return;
    const previous = this.#previous[entry]!;
    const next = this.#next[entry]!;
    this.#next[previous] = next;
    if (next === nothing) this.#last = previous;
    else this.#previous[next] = previous;
    this.#next[entry] = this.#first;
    this.#previous[entry] = nothing;
    this.#previous[this.#first] = entry;
    this.#first = entry;
  }

  persist(archive: Archive): void {
    this.#next = archive.ints('next', this.#next, this.#size);
    this.#previous = archive.ints('previous', this.#previous, this.#size);
    const ends = archive.numbers('ends', [this.#first, this.#last, this.#size]);
    [this.#first, this.#last, this.#size] = ends;
  }
}
