import type { ScoreTable } from './score-table.ts';

/**
 * Walks the entries of a table from the best score to the worst, and stops where the caller has enough: a heap over
 * all entries costs O(n) to build and O(log n) for each step. Equal scores: the lower key first.
 */
export class BestFirst {
  #heap = new Int32Array(1_024);
  #size = 0;
  #table: ScoreTable | undefined;

  /** Begins a walk. The table must stay as it is until the walk ends. */
  over(table: ScoreTable): this {
    if (this.#heap.length < table.size) this.#heap = new Int32Array(2 ** Math.ceil(Math.log2(table.size)));
    for (let entry = 0; entry < table.size; entry++) this.#heap[entry] = entry;
    this.#table = table;
    this.#size = table.size;
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sink(table, at);
    return this;
  }

  /** The next entry; -1 after the last. */
  next(): number {
    const table = this.#table;
    if (this.#size === 0 || table === undefined) return -1;
    const best = this.#heap[0]!;
    this.#heap[0] = this.#heap[--this.#size]!;
    this.#sink(table, 0);
    return best;
  }

  #sink(table: ScoreTable, from: number): void {
    const heap = this.#heap;
    const size = this.#size;
    const entry = heap[from]!;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(table, heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(table, heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(table: ScoreTable, one: number, other: number): boolean {
  const difference = table.scores[one]! - table.scores[other]!;
  return difference === 0 ? table.keys[one]! < table.keys[other]! : difference > 0;
}
