/** Dense numbers in one line, of which any can be moved to the front or taken out in O(1): a list linked by arrays. */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';

const nothing = -1;

export class RecencyList {
  #next = new Int32Array(256);
  #previous = new Int32Array(256);
  #first = nothing;
  #last = nothing;
  #size = 0;

  /** -1 where the list is empty. */
  get first(): number {
    return this.#first;
  }

  /** -1 after the last. */
  after(entry: number): number {
    return this.#next[entry]!;
  }

  /** Puts a number at the end that is not in the line. */
  append(entry: number): void {
    if (entry >= this.#size) this.#size = entry + 1;
    this.#next = grownInts(this.#next, this.#size);
    this.#previous = grownInts(this.#previous, this.#size);
    this.#next[entry] = nothing;
    this.#previous[entry] = this.#last;
    if (this.#last === nothing) this.#first = entry;
    else this.#next[this.#last] = entry;
    this.#last = entry;
  }

  remove(entry: number): void {
    const previous = this.#previous[entry]!;
    const next = this.#next[entry]!;
    if (previous === nothing) this.#first = next;
    else this.#next[previous] = next;
    if (next === nothing) this.#last = previous;
    else this.#previous[next] = previous;
  }

  moveToFront(entry: number): void {
    if (entry === this.#first) return;
    this.remove(entry);
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
