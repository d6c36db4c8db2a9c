/**
 * Where in arrays lies what is held of an item. Items' numbers only rise, in the order in which items became known; the
 * places of forgotten ones are given again. So a number that stands somewhere else still, in a session or a cart, leads
 * nowhere once its item was forgotten, and never leads to another item. There are 2^31 numbers.
 *
 * Items are forgotten only to make room, when all places are taken. So the first numbers are places themselves, and until
 * an item is forgotten nothing is looked up.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';

const nowhere = -1;
/** Of a slot in the table: a number plus 1, 0: free; and its place. */
const stride = 2;
/** Knuth's multiplier, 2^32 over the golden ratio: dense numbers spread well under it. */
const multiplier = 0x9e3779b1;

export class ItemPlaces {
  /** By place: the item's number; -1: the place is free. */
  #items = new Int32Array(256);
  /** Places given so far. */
  #size = 0;
  /** The number of the next item. */
  #next = 0;
  #isPlain = true;
  /** Numbers that came after the first one was forgotten, and their places: an open hash table (linear probing). */
  #byNumber = new Int32Array(512 * stride);
  #shift = 32 - 9;
  /** Numbers in it: at most half of its slots. */
  #count = 0;

  /** No item was forgotten yet: numbers are places. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Places are below it. Between two events each has an item. */
  get size(): number {
    return this.#size;
  }

  /** The place of an item; -1: it was forgotten. */
  of(item: number): number {
    return this.#isPlain ? item : this.#find(item);
  }

  /** The item at a place. */
  at(place: number): number {
    return this.#isPlain ? place : this.#items[place]!;
  }

  /** Answers the number of a new item, which gets the place: one that was freed, or the next. */
  begin(place: number): number {
    const item = this.#next++;
    if (place === this.#size) this.#size++;
    this.#items = grownInts(this.#items, this.#size);
    this.#items[place] = item;
    if (item !== place) this.#put(item, place);
    return item;
  }

  /** The item's number leads nowhere from now on, and its place is free. */
  forget(item: number): void {
    this.#items[this.of(item)] = nowhere;
    this.#isPlain = false;
    if (item >= this.#size) this.#remove(item);
  }

  #find(item: number): number {
    if (item < this.#size) return this.#items[item] === item ? item : nowhere;
    const table = this.#byNumber;
    const mask = table.length - 1;
    for (let at = this.#home(item); ; at = (at + stride) & mask) {
      const found = table[at]!;
      if (found === 0) return nowhere;
      if (found === item + 1) return table[at + 1]!;
    }
  }

  #home(item: number): number {
    return (Math.imul(item, multiplier) >>> this.#shift) * stride;
  }

  #put(item: number, place: number): void {
    if (++this.#count * 2 * stride > this.#byNumber.length) this.#enlarge();
    const table = this.#byNumber;
    const mask = table.length - 1;
    let at = this.#home(item);
    while (table[at] !== 0) at = (at + stride) & mask;
    table[at] = item + 1;
    table[at + 1] = place;
  }

  /** Frees a slot and moves those behind it up, as `TextTable` does. */
  #remove(item: number): void {
    const table = this.#byNumber;
    const mask = table.length - 1;
    let gap = this.#home(item);
    while (table[gap] !== item + 1) gap = (gap + stride) & mask;
    for (let at = (gap + stride) & mask; table[at] !== 0; at = (at + stride) & mask) {
      if (((at - this.#home(table[at]! - 1)) & mask) < ((at - gap) & mask)) continue;
      table[gap] = table[at]!;
      table[gap + 1] = table[at + 1]!;
      gap = at;
    }
    table[gap] = 0;
    this.#count--;
  }

  #enlarge(): void {
    const old = this.#byNumber;
    this.#byNumber = new Int32Array(old.length * 2);
    this.#shift--;
    this.#count = 1;
    for (let at = 0; at < old.length; at += stride) if (old[at] !== 0) this.#put(old[at]! - 1, old[at + 1]!);
  }

  /** Between two events. The table follows from the rest. */
  persist(archive: Archive): void {
    [this.#next, this.#size] = archive.numbers('size', [this.#next, this.#size]);
    this.#items = archive.ints('items', this.#items, this.#size);
    if (!archive.isReading) return;
    this.#isPlain = this.#next === this.#size;
    for (let place = 0; place < this.#size; place++) {
      if (this.#items[place] !== place) this.#put(this.#items[place]!, place);
    }
  }
}
