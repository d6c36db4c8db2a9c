/** Rows of a table in one line, the newest first, of which any can be moved to the front in O(1). */
import type { Archive } from './archive.ts';

const nothing = -1;

/** The links lie in the rows themselves, two ints next to each other: what is read with a row is there with it. */
export class RecencyLine {
  readonly #stride: number;
  readonly #newerAt: number;
  readonly #olderAt: number;
  #newest = nothing;
  #oldest = nothing;

  /** `stride`: ints of a row; `at`: where in it the links begin. */
  constructor(stride: number, at: number) {
    this.#stride = stride;
    this.#newerAt = at;
    this.#olderAt = at + 1;
  }

  /** The row at the end of the line; -1: the line is empty. */
  get oldest(): number {
    return this.#oldest;
  }

  /** All rows, the oldest first. */
  *oldestFirst(table: Int32Array): Generator<number> {
    for (let row = this.#oldest; row !== nothing; row = table[row * this.#stride + this.#newerAt]!) yield row;
  }

  /** Puts a row that stands in no line to the front. */
  add(table: Int32Array, row: number): void {
    table[row * this.#stride + this.#newerAt] = nothing;
    table[row * this.#stride + this.#olderAt] = this.#newest;
    if (this.#newest === nothing) this.#oldest = row;
    else table[this.#newest * this.#stride + this.#newerAt] = row;
    this.#newest = row;
  }

  remove(table: Int32Array, row: number): void {
    const newer = table[row * this.#stride + this.#newerAt]!;
    const older = table[row * this.#stride + this.#olderAt]!;
    if (newer === nothing) this.#newest = older;
    else table[newer * this.#stride + this.#olderAt] = older;
    if (older === nothing) this.#oldest = newer;
    else table[older * this.#stride + this.#newerAt] = newer;
  }

  moveToFront(table: Int32Array, row: number): void {
    if (row === this.#newest) return;
    this.remove(table, row);
    this.add(table, row);
  }

  /** Only its ends: the links are written with the rows. */
  persist(archive: Archive): void {
    [this.#newest, this.#oldest] = archive.numbers('line', [this.#newest, this.#oldest]);
  }
}
