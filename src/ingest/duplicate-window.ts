/**
 * The ids of a tenant's latest events: a ring of 128-bit ids in order of arrival, and an open-addressing hash table
 * over it (linear probing, backward-shift deletion: Knuth, TAOCP vol. 3, 6.4, algorithm R). All in typed arrays: 16
 * bytes and two slots of 4 an id, no object each.
 */

import type { EventIdWords } from '../events/event-id.ts';

const wordsPerId = 4;
const initialCapacity = 1_024;
const empty = -1;

export class DuplicateWindow {
  /** How many ids are remembered at least, once so many came. */
  readonly capacity: number;
  /** The ring: four words an id. */
  #ids: Uint32Array;
  /** Places in the ring, by hash; `empty` where there is none. Twice as many as the ring has, a power of two. */
  #slots: Int32Array;
  /** The place in the ring that is written next. */
  #next = 0;
  #count = 0;

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity);
    const size = Math.min(this.capacity, initialCapacity);
    this.#ids = new Uint32Array(size * wordsPerId);
    this.#slots = emptySlots(size);
  }

  get size(): number {
    return this.#count;
  }

  has(id: EventIdWords): boolean {
    return this.#slots[this.#find(id, 0)] !== empty;
  }

  /** Remembers an id, and forgets the oldest one when the window is full. False when the id was known. */
  add(id: EventIdWords): boolean {
    if (this.has(id)) return false;
    if (this.#next === this.#ringSize()) this.#wrapOrGrow();
    const place = this.#next++;
    if (this.#isTaken(place)) this.#forgetPlace(place);
    this.#ids.set(id.subarray(0, wordsPerId), place * wordsPerId);
    this.#slots[this.#find(id, 0)] = place;
    this.#count++;
    return true;
  }

  /** Takes an id back whose event did not become durable, so that its retry is no duplicate. */
  remove(id: EventIdWords): void {
    const slot = this.#find(id, 0);
    if (this.#slots[slot] !== empty) this.#clearSlot(slot);
  }

  #ringSize(): number {
    return this.#ids.length / wordsPerId;
  }

  #wrapOrGrow(): void {
    const size = this.#ringSize();
    if (size === this.capacity) {
      this.#next = 0;
      return;
    }
    const grown = Math.min(this.capacity, size * 2);
    const ids = new Uint32Array(grown * wordsPerId);
    ids.set(this.#ids);
    const places = this.#slots.filter((place) => place !== empty);
    this.#ids = ids;
    this.#slots = emptySlots(grown);
    for (const place of places) this.#slots[this.#find(ids, place * wordsPerId)] = place;
  }

  /** Is the id at this place of the ring still in the table? One that was removed is not. */
  #isTaken(place: number): boolean {
    return this.#slots[this.#find(this.#ids, place * wordsPerId)] === place;
  }

  #forgetPlace(place: number): void {
    this.#clearSlot(this.#find(this.#ids, place * wordsPerId));
  }

  /** The slot that holds the id, or the empty one where it would go. */
  #find(from: Uint32Array, offset: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(from, offset) & mask;
    while (true) {
      const place = slots[slot]!;
      if (place === empty || this.#equals(place, from, offset)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(place: number, from: Uint32Array, offset: number): boolean {
    const ids = this.#ids;
    const at = place * wordsPerId;
    return (
      ids[at] === from[offset] &&
      ids[at + 1] === from[offset + 1] &&
      ids[at + 2] === from[offset + 2] &&
      ids[at + 3] === from[offset + 3]
    );
  }

  /** Empties a slot and moves up those behind it that would not be found past the gap. */
  #clearSlot(start: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = start;
    for (let slot = (start + 1) & mask; slots[slot] !== empty; slot = (slot + 1) & mask) {
      const home = hash(this.#ids, slots[slot]! * wordsPerId) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot]!;
      gap = slot;
    }
    slots[gap] = empty;
    this.#count--;
  }
}

function emptySlots(ids: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(ids * 2))).fill(empty);
}

/** A version 7 UUID begins with the time, so all four words must count. Mixing as in MurmurHash3's finaliser. */
function hash(from: Uint32Array, offset: number): number {
  let mixed = from[offset]! ^ Math.imul(from[offset + 1]!, 0x9e3779b1);
  mixed ^= Math.imul(from[offset + 2]!, 0x85ebca6b) ^ Math.imul(from[offset + 3]!, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
