/** Mixes the bits of a number (Fibonacci hashing): dense numbers spread well under it. */
const golden = 0x9e3779b1;

/**
 * Scores by dense number, for one query at a time. Memory is kept between queries and grows with the largest; clearing
 * costs what the last query used. Entries lie in the order in which they came, in `keys` and `scores`.
 */
export class ScoreTable {
  size = 0;
  keys: Int32Array;
  scores: Float64Array;
  /** Free for the owner: who touched the entry last. 0 in a new entry. */
  marks: Int32Array;
  /** Slot of a key plus one; 0: free. Linear probing, at most half full. */
  #index: Int32Array;
  #shift: number;

  /** `capacity`: a power of two. */
  constructor(capacity = 1_024) {
    this.keys = new Int32Array(capacity);
    this.scores = new Float64Array(capacity);
    this.marks = new Int32Array(capacity);
    this.#index = new Int32Array(capacity * 2);
    this.#shift = 32 - Math.log2(capacity * 2);
  }

  /** The entry of a key; a new one, with a score of 0, where there is none. */
  entry(key: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    let at = Math.imul(key, golden) >>> this.#shift;
    for (let slot = index[at]!; slot !== 0; slot = index[at]!) {
      if (this.keys[slot - 1] === key) return slot - 1;
      at = (at + 1) & mask;
    }
    if (this.size === this.keys.length) {
      this.#grow();
      return this.entry(key);
    }
    const slot = this.size++;
    index[at] = slot + 1;
    this.keys[slot] = key;
    this.scores[slot] = 0;
    this.marks[slot] = 0;
    return slot;
  }

  clear(): void {
    const mask = this.#index.length - 1;
    if (this.size > mask >> 3) this.#index.fill(0);
    else for (let slot = this.size - 1; slot >= 0; slot--) this.#release(this.keys[slot]!, slot, mask);
    this.size = 0;
  }

  /** In reverse order of coming each probe chain ends at its entry, so that every entry is found. */
  #release(key: number, slot: number, mask: number): void {
    let at = Math.imul(key, golden) >>> this.#shift;
    while (this.#index[at] !== slot + 1) at = (at + 1) & mask;
    this.#index[at] = 0;
  }

  #grow(): void {
    const capacity = this.keys.length * 2;
    this.keys = extended(this.keys, new Int32Array(capacity));
    this.scores = extended(this.scores, new Float64Array(capacity));
    this.marks = extended(this.marks, new Int32Array(capacity));
    this.#index = new Int32Array(capacity * 2);
    this.#shift -= 1;
    for (let slot = 0; slot < this.size; slot++) this.#place(slot);
  }

  #place(slot: number): void {
    const mask = this.#index.length - 1;
    let at = Math.imul(this.keys[slot]!, golden) >>> this.#shift;
    while (this.#index[at] !== 0) at = (at + 1) & mask;
    this.#index[at] = slot + 1;
  }
}

function extended<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
