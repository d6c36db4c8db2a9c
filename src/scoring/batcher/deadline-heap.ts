/** What stands in a heap: it knows its own place, so that it can be taken out from the middle. */
export interface HeapEntry {
  readonly deadlineMillis: number;
  /** Decides between equal deadlines: the smaller one is first. */
  readonly order: number;
  /** Kept by the heap; -1: in none. */
  place: number;
}

/** A binary heap of jobs, the earliest deadline first. Adding and taking out cost O(log n). */
export class DeadlineHeap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** The entry with the earliest deadline. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** In no order. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  add(entry: Entry): void {
    this.#put(entry, this.#entries.length);
    this.#raise(entry);
  }

  /** The entry must be in this heap. */
  remove(entry: Entry): void {
    const { place } = entry;
    const last = this.#entries.pop()!;
    entry.place = -1;
    if (last === entry) return;
    this.#put(last, place);
    this.#raise(last);
    this.#lower(last);
  }

  #put(entry: Entry, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }

  #raise(entry: Entry): void {
    while (entry.place > 0) {
      const parent = this.#entries[(entry.place - 1) >> 1]!;
      if (!isBefore(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #lower(entry: Entry): void {
    for (;;) {
      const left = this.#entries[entry.place * 2 + 1];
      const right = this.#entries[entry.place * 2 + 2];
      const child = right !== undefined && isBefore(right, left!) ? right : left;
      if (child === undefined || !isBefore(child, entry)) return;
      this.#swap(child, entry);
    }
  }

  #swap(upper: Entry, lower: Entry): void {
    const { place } = upper;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }
}

function isBefore(one: HeapEntry, other: HeapEntry): boolean {
  const difference = one.deadlineMillis - other.deadlineMillis;
  return difference < 0 || (!(difference > 0) && one.order < other.order);
}
