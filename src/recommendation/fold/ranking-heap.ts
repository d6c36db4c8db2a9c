/**
 * A binary heap of entries by a key that changes, greatest first, of which any entry can be raised, lowered and taken
 * out in O(log n). Where the entries stand is kept outside, so that heaps which share no entry share one array.
 */
import { grownFloats, grownInts } from './growth.ts';

/** Where each entry stands in its heap; -1: in none. */
export class Places {
  #places = new Int32Array(256).fill(-1);

  of(entry: number): number {
    return this.#places[entry] ?? -1;
  }

  set(entry: number, place: number): void {
    if (entry >= this.#places.length) this.#places = grownInts(this.#places, entry + 1, -1);
    this.#places[entry] = place;
  }
}

export class RankingHeap {
  readonly #places: Places;
  readonly #rankOf: (entry: number) => number;
  #entries = new Int32Array(16);
  #keys = new Float64Array(16);
  #size = 0;

  /** `rankOf`: decides between entries with equal keys, the least first. */
  constructor(places: Places, rankOf: (entry: number) => number) {
    this.#places = places;
    this.#rankOf = rankOf;
  }

  get size(): number {
    return this.#size;
  }

  entryAt(place: number): number {
    return this.#entries[place]!;
  }

  keyAt(place: number): number {
    return this.#keys[place]!;
  }

  /** Whether what stands at `a` comes before what stands at `b`. */
  comesFirst(a: number, b: number): boolean {
    const difference = this.#keys[a]! - this.#keys[b]!;
    if (difference !== 0) return difference > 0;
    return this.#rankOf(this.#entries[a]!) < this.#rankOf(this.#entries[b]!);
  }

  /** Gives the entry its key; one that stands nowhere is put in. */
  set(entry: number, key: number): void {
    let place = this.#places.of(entry);
    if (place === -1) {
      place = this.#size++;
      this.#entries = grownInts(this.#entries, this.#size);
      this.#keys = grownFloats(this.#keys, this.#size);
      this.#keys[place] = Number.NEGATIVE_INFINITY;
    }
    if (key >= this.#keys[place]!) this.#raise(place, entry, key);
    else this.#lower(place, entry, key);
  }

  /** Takes the entry out, where it is in. */
  remove(entry: number): void {
    const place = this.#places.of(entry);
    if (place === -1) return;
    this.#places.set(entry, -1);
    const last = --this.#size;
    if (place === last) return;
    const moved = this.#entries[last]!;
    const key = this.#keys[last]!;
    if (this.#goesBefore(moved, key, place)) this.#raise(place, moved, key);
    else this.#lower(place, moved, key);
  }

  /** Multiplies all keys by a positive factor that keeps their order, but may make some equal. */
  scale(factor: number): void {
    for (let place = 0; place < this.#size; place++) this.#keys[place] = this.#keys[place]! * factor;
    for (let place = (this.#size >> 1) - 1; place >= 0; place--) {
      this.#lower(place, this.#entries[place]!, this.#keys[place]!);
    }
  }

  #raise(from: number, entry: number, key: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#goesBefore(entry, key, above)) break;
      this.#put(place, this.#entries[above]!, this.#keys[above]!);
      place = above;
    }
    this.#put(place, entry, key);
  }

  #lower(from: number, entry: number, key: number): void {
    let place = from;
    for (let below = 2 * place + 1; below < this.#size; below = 2 * place + 1) {
      if (below + 1 < this.#size && this.comesFirst(below + 1, below)) below++;
      if (this.#goesBefore(entry, key, below)) break;
      this.#put(place, this.#entries[below]!, this.#keys[below]!);
      place = below;
    }
    this.#put(place, entry, key);
  }

  #goesBefore(entry: number, key: number, place: number): boolean {
    const other = this.#keys[place]!;
    if (key !== other) return key > other;
    return this.#rankOf(entry) < this.#rankOf(this.#entries[place]!);
  }

  #put(place: number, entry: number, key: number): void {
    this.#entries[place] = entry;
    this.#keys[place] = key;
    this.#places.set(entry, place);
  }
}
