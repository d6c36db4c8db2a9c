/**
 * Where groups start, thinned: at most 1,024 places a segment. When it is full every second place goes and the
 * distance between new ones doubles, so that it always spans what was seen.
 */

const maxPlaces = 1_024;
const firstGapBytes = 32_768;

export class OffsetIndex {
  #sequences: number[] = [];
  #offsets: number[] = [];
  #gapBytes = firstGapBytes;

  /** Notes that the group at `offset` starts with `sequence`. Places not beyond the last one are ignored. */
  add(sequence: number, offset: number): void {
    const last = this.#offsets.at(-1);
    if (last !== undefined && offset < last + this.#gapBytes) return;
    if (this.#offsets.length === maxPlaces) this.#thin();
    this.#sequences.push(sequence);
    this.#offsets.push(offset);
  }

  /** The offset of a group at or before the one with `sequence`; `undefined` where none is known. */
  offsetBefore(sequence: number): number | undefined {
    let low = 0;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sequences[middle]! <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low - 1];
  }

  get size(): number {
    return this.#offsets.length;
  }

  #thin(): void {
    this.#sequences = this.#sequences.filter((_, at) => at % 2 === 0);
    this.#offsets = this.#offsets.filter((_, at) => at % 2 === 0);
    this.#gapBytes *= 2;
  }
}
