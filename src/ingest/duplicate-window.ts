/**
 * The ids of a tenant's latest events: a ring of 128-bit ids in order of arrival, and an open-addressing hash table
 * over it (linear probing, backward-shift deletion: Knuth, TAOCP vol. 3, 6.4, algorithm R). All in typed arrays: 16
 * bytes and two slots of 8 an id, no object each.
 *
 * A slot holds an id's hash beside its place in the ring, so that a new id costs one random access to memory, and the
 * oldest one is forgotten without reading its neighbours' ids. The hash's upper bits choose the slot: when the table
 * grows, its slots move in the order in which they lie, some with each id that is added. Till the last has moved, what is
 * not in the new table is looked for in the one of before.
 */

import type { EventIdWords } from '../events/event-id.ts';

const wordsPerId = 4;
const wordsPerSlot = 2;
const initialCapacity = 1_024;
const growth = 4;
/** So many slots of the table of before an addition moves: enough to be done long before the next growth. */
const movedAtOnce = 32 * wordsPerSlot;
/** In the table of before: the place of an id that was forgotten. */
const gone = 0xffff_ffff;
const nothing = new Uint32Array(0);

/** What a window holds, as it passes between threads. */
export interface WindowParts {
  readonly capacity: number;
  readonly ids: Uint32Array;
  readonly slots: Uint32Array;
  readonly next: number;
  readonly count: number;
}

export class DuplicateWindow {
  /** How many ids are remembered at least, once so many came. */
  readonly capacity: number;
  /** The ring: four words an id. */
  #ids: Uint32Array;
  /**
   * Two words a slot: the hash, and the place in the ring, counted from 1; 0 where there is none. There are at least twice as
   * many as the ring has places, a power of two.
   */
  #slots: Uint32Array;
  /** The table of before, while its slots are moved: those below `#moved` are in the new one too. */
  #former: Uint32Array = nothing;
  #moved = 0;
  /** The place in the ring that is written next. */
  #next = 0;
  #count = 0;

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity);
    const size = Math.min(this.capacity, initialCapacity);
    this.#ids = new Uint32Array(size * wordsPerId);
    this.#slots = new Uint32Array(slotsFor(size) * wordsPerSlot);
  }

  /** The window that was released. */
  static of({ capacity, ids, slots, next, count }: WindowParts): DuplicateWindow {
    const window = new DuplicateWindow(capacity);
    window.#ids = ids;
    window.#slots = slots;
    window.#next = next;
    window.#count = count;
    return window;
  }

  /** Gives out all that it holds; it is not to be used any more. */
  release(): WindowParts {
    this.#move(this.#former.length);
    return { capacity: this.capacity, ids: this.#ids, slots: this.#slots, next: this.#next, count: this.#count };
  }

  get size(): number {
    return this.#count;
  }

  has(ids: EventIdWords, at = 0): boolean {
    return this.#placeOf(ids, at, hash(ids, at)) !== 0;
  }

  /** Remembers the id at `at`, and forgets the oldest one when the window is full. False when the id was known. */
  add(ids: EventIdWords, at = 0): boolean {
    const hashed = hash(ids, at);
    let slot = this.#find(this.#slots, ids, at, hashed);
    if (this.#slots[slot + 1] !== 0 || this.#formerPlaceOf(ids, at, hashed) !== 0) return false;
    if (this.#makeRoom()) slot = this.#find(this.#slots, ids, at, hashed);
    const place = this.#next++;
    const ring = this.#ids;
    for (let word = 0; word < wordsPerId; word++) ring[place * wordsPerId + word] = ids[at + word]!;
    this.#slots[slot] = hashed;
    this.#slots[slot + 1] = place + 1;
    this.#count++;
    return true;
  }

  /**
   * Asks the memory for the slots that adding `count` ids will touch, all at once, so that `add` need not wait for them
   * one by one. The answer means nothing.
   */
  fetch(ids: EventIdWords, count: number): number {
    let seen = this.#fetch(ids, 0, count * wordsPerId);
    const from = this.#next * wordsPerId;
    // Those of the ids that will be forgotten; before the ring is full there are none.
    if (this.#count > this.#next) seen |= this.#fetch(this.#ids, from, from + count * wordsPerId);
    return seen;
  }

  /** Takes an id back whose event did not become durable, so that its retry is no duplicate. */
  remove(ids: EventIdWords, at = 0): void {
    const hashed = hash(ids, at);
    const place = this.#placeOf(ids, at, hashed);
    if (place !== 0) this.#drop(place, hashed);
  }

  #fetch(ids: EventIdWords, from: number, to: number): number {
    const slots = this.#slots;
    const shift = shiftOf(slots);
    const end = Math.min(to, ids.length);
    let seen = 0;
    for (let at = from; at < end; at += wordsPerId) seen |= slots[(hash(ids, at) >>> shift) * wordsPerSlot]!;
    return seen;
  }

  /** The id's place, counted from 1; 0: it is not known. */
  #placeOf(ids: EventIdWords, at: number, hashed: number): number {
    return this.#slots[this.#find(this.#slots, ids, at, hashed) + 1] || this.#formerPlaceOf(ids, at, hashed);
  }

  #formerPlaceOf(ids: EventIdWords, at: number, hashed: number): number {
    if (this.#former === nothing) return 0;
    return this.#former[this.#find(this.#former, ids, at, hashed) + 1]!;
  }

  /** Makes the next place in the ring a free one. True where slots have moved. */
  #makeRoom(): boolean {
    const size = this.#ids.length / wordsPerId;
    if (this.#next === size) {
      if (size < this.capacity) this.#grow(Math.min(this.capacity, size * growth));
      else this.#next = 0;
    }
    const isMoving = this.#former !== nothing;
    if (isMoving) this.#move(movedAtOnce);
    // The id at that place, unless it was never there or was taken back.
    return this.#drop(this.#next + 1, hash(this.#ids, this.#next * wordsPerId)) || isMoving;
  }

  #grow(size: number): void {
    this.#move(this.#former.length);
    const ids = new Uint32Array(size * wordsPerId);
    ids.set(this.#ids);
    this.#ids = ids;
    this.#former = this.#slots;
    this.#moved = 0;
    this.#slots = new Uint32Array(slotsFor(size) * wordsPerSlot);
  }

  /** Moves the next of the table of before: slots of `words` words in all, or what there is. */
  #move(words: number): void {
    const former = this.#former;
    const slots = this.#slots;
    const end = Math.min(former.length, this.#moved + words);
    for (let from = this.#moved; from < end; from += wordsPerSlot) {
      const place = former[from + 1]!;
      if (place === 0 || place === gone) continue;
      const slot = findPlace(slots, 0, former[from]!);
      slots[slot] = former[from]!;
      slots[slot + 1] = place;
    }
    this.#moved = end;
    if (end === former.length) this.#former = nothing;
  }

  /** Forgets what is at a place, counted from 1, if anything is. True where slots have moved. */
  #drop(place: number, hashed: number): boolean {
    const slot = findPlace(this.#slots, place, hashed);
    const isThere = this.#slots[slot + 1] !== 0;
    if (isThere) clearSlot(this.#slots, slot);
    const former = this.#former === nothing ? 0 : findPlace(this.#former, place, hashed);
    const wasThere = this.#former !== nothing && this.#former[former + 1] !== 0;
    if (wasThere) this.#former[former + 1] = gone;
    if (isThere || wasThere) this.#count--;
    return isThere;
  }

  /** The slot that holds the id, or the empty one where it would go. */
  #find(slots: Uint32Array, from: EventIdWords, at: number, hashed: number): number {
    const mask = slots.length - 1;
    let slot = (hashed >>> shiftOf(slots)) * wordsPerSlot;
    while (true) {
      const place = slots[slot + 1]!;
      if (place === 0 || (slots[slot] === hashed && place !== gone && this.#equals(place - 1, from, at))) return slot;
      slot = (slot + wordsPerSlot) & mask;
    }
  }

  #equals(place: number, from: EventIdWords, at: number): boolean {
    const ids = this.#ids;
    const known = place * wordsPerId;
    return (
      ids[known] === from[at] &&
      ids[known + 1] === from[at + 1] &&
      ids[known + 2] === from[at + 2] &&
      ids[known + 3] === from[at + 3]
    );
  }
}

/** The slot that holds a place, counted from 1, or the empty one at the end of its run. 0: the empty one. */
function findPlace(slots: Uint32Array, place: number, hashed: number): number {
  const mask = slots.length - 1;
  let slot = (hashed >>> shiftOf(slots)) * wordsPerSlot;
  while (slots[slot + 1] !== 0 && slots[slot + 1] !== place) slot = (slot + wordsPerSlot) & mask;
  return slot;
}

/** Empties a slot and moves up those behind it that would not be found past the gap. */
function clearSlot(slots: Uint32Array, start: number): void {
  const mask = slots.length - 1;
  const shift = shiftOf(slots);
  let gap = start;
  for (let slot = (start + wordsPerSlot) & mask; slots[slot + 1] !== 0; slot = (slot + wordsPerSlot) & mask) {
    const home = (slots[slot]! >>> shift) * wordsPerSlot;
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    slots[gap] = slots[slot]!;
    slots[gap + 1] = slots[slot + 1]!;
    gap = slot;
  }
  slots[gap + 1] = 0;
}

/** Twice as many as ids, a power of two. */
function slotsFor(ids: number): number {
  return 2 ** Math.ceil(Math.log2(ids * 2));
}

/** How far a hash is shifted to become a slot: 32 − k, of 2^k slots, in an array of twice the length. */
function shiftOf(slots: Uint32Array): number {
  return Math.clz32(slots.length) + 2;
}

/** A version 7 UUID begins with the time, so all four words must count. Mixing as in MurmurHash3's finaliser. */
function hash(from: EventIdWords, at: number): number {
  let mixed = from[at]! ^ Math.imul(from[at + 1]!, 0x9e3779b1);
  mixed ^= Math.imul(from[at + 2]!, 0x85ebca6b) ^ Math.imul(from[at + 3]!, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
