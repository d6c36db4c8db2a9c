/**
 * What is to be added to a tenant's tallies, in the order of its events, as a row of doubles: whole numbers and times of
 * microseconds are exact in them. Another thread can add it up later; see `tallies.ts`.
 */

/** What an entry says, by its first number. */
export const entries = {
  itemBegan: 1,
  itemForgotten: 2,
  /** With its partners behind it. */
  pairs: 3,
  signal: 4,
  posting: 5,
  postingRemoved: 6,
  interaction: 7,
  interactionsMerged: 8,
  interactionsForgotten: 9,
} as const;

/** Numbers of an entry: its kind and four more. */
export const entryLength = 5;
/** The largest entry: a visited item with the most partners that the settings allow. */
const longest = entryLength + 100;

export class TallyLog {
  readonly #pass: (row: Float64Array, length: number) => Float64Array;
  #row: Float64Array;
  #length = 0;

  /** `pass`: takes a row whose first `length` numbers are written, and answers the next one to write, of 128 at least. */
  constructor(first: Float64Array, pass: (row: Float64Array, length: number) => Float64Array) {
    this.#row = first;
    this.#pass = pass;
  }

  note(kind: number, a: number, b = 0, c = 0, d = 0): void {
    if (this.#length + longest > this.#row.length) this.flush();
    const row = this.#row;
    const at = this.#length;
    row[at] = kind;
    row[at + 1] = a;
    row[at + 2] = b;
    row[at + 3] = c;
    row[at + 4] = d;
    this.#length = at + entryLength;
  }

  notePairs(item: number, partners: Int32Array, count: number, atMicros: number): void {
    this.note(entries.pairs, item, atMicros, count);
    const row = this.#row;
    for (let i = 0; i < count; i++) row[this.#length + i] = partners[i]!;
    this.#length += count;
  }

  /** Passes on what is written. */
  flush(): void {
    if (this.#length === 0) return;
    this.#row = this.#pass(this.#row, this.#length);
    this.#length = 0;
  }
}
