/**
 * The ids of a tenant's latest events: a ring of 128-bit ids in order of arrival, and an open-addressing hash table
 * over it (linear probing, backward-shift deletion: Knuth, TAOCP vol. 3, 6.4, algorithm R). All in typed arrays: 16
 * bytes and two slots of 8 an id, no object each.
 *
 * A slot holds an id's hash beside its place in the ring, so that a new id costs one random access to memory, and the
 * oldest one is forgotten without reading its neighbours' ids. The hash's upper bits choose the slot: when the table
 * grows, its slots move in the order in which they lie.
 */

import type { EventIdWords } from '../events/event-id.ts';

const wordsPerId = 4;
const wordsPerSlot = 2;
const initialCapacity = 1_024;
/** Fewer, larger steps: each copies everything. */
const growth = 4;

export class DuplicateWindow {
  /** How many ids are remembered at least, once so many came. */
  readonly capacity: number;
  /** The ring: four words an id. */
  #ids: Uint32Array;
  /** Two words a slot: the hash, and the place in the ring, counted from 1; 0 where there is none. */
  #slots: Uint32Array;
  /** How far a hash is shifted to become a slot. There are at least twice as many as the ring has places. */
  #shift: number;
  /** The place in the ring that is written next. */
  #next = 0;
  #count = 0;

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity);
    const size = Math.min(this.capacity, initialCapacity);
    const slots = slotsFor(size);
    this.#ids = new Uint32Array(size * wordsPerId);
    this.#slots = new Uint32Array(slots * wordsPerSlot);
    this.#shift = shiftFor(slots);
  }

  get size(): number {
    return this.#count;
  }

  has(ids: EventIdWords, at = 0): boolean {
    return this.#slots[this.#find(ids, at, hash(ids, at)) + 1] !== 0;
  }

  /** Remembers the id at `at`, and forgets the oldest one when the window is full. False when the id was known. */
  add(ids: EventIdWords, at = 0): boolean {
    const hashed = hash(ids, at);
    let slot = this.#find(ids, at, hashed);
    if (this.#slots[slot + 1] !== 0) return false;
    if (this.#makeRoom()) slot = this.#find(ids, at, hashed);
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
    const slot = this.#find(ids, at, hash(ids, at));
    if (this.#slots[slot + 1] !== 0) this.#clearSlot(slot);
  }

  #fetch(ids: EventIdWords, from: number, to: number): number {
    const slots = this.#slots;
    const end = Math.min(to, ids.length);
    let seen = 0;
    for (let at = from; at < end; at += wordsPerId) seen |= slots[(hash(ids, at) >>> this.#shift) * wordsPerSlot]!;
    return seen;
  }

  /** Makes the next place in the ring a free one. True where slots have moved. */
  #makeRoom(): boolean {
    const size = this.#ids.length / wordsPerId;
    if (this.#next === size) {
      if (size < this.capacity) {
        this.#grow(Math.min(this.capacity, size * growth));
        return true;
      }
      this.#next = 0;
    }
    return this.#forget(this.#next);
  }

  #grow(size: number): void {
    const old = this.#slots;
    const slots = slotsFor(size);
    const ids = new Uint32Array(size * wordsPerId);
    ids.set(this.#ids);
    this.#ids = ids;
    this.#slots = new Uint32Array(slots * wordsPerSlot);
    this.#shift = shiftFor(slots);
    for (let from = 0; from < old.length; from += wordsPerSlot) {
      if (old[from + 1] === 0) continue;
      const slot = this.#findPlace(0, old[from]!);
      this.#slots[slot] = old[from]!;
      this.#slots[slot + 1] = old[from + 1]!;
    }
  }

  /** Forgets the id at a place of the ring, unless it was never there or was taken back. */
  #forget(place: number): boolean {
    const slot = this.#findPlace(place + 1, hash(this.#ids, place * wordsPerId));
    if (this.#slots[slot + 1] === 0) return false;
    this.#clearSlot(slot);
    return true;
  }

  /** The slot that holds the id, or the empty one where it would go. */
  #find(from: EventIdWords, at: number, hashed: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (hashed >>> this.#shift) * wordsPerSlot;
    while (true) {
      const place = slots[slot + 1]!;
      if (place === 0 || (slots[slot] === hashed && this.#equals(place - 1, from, at))) return slot;
      slot = (slot + wordsPerSlot) & mask;
    }
  }

  /** The slot that holds a place, counted from 1, or the empty one at the end of its run. 0: the empty one. */
  #findPlace(place: number, hashed: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (hashed >>> this.#shift) * wordsPerSlot;
    while (slots[slot + 1] !== 0 && slots[slot + 1] !== place) slot = (slot + wordsPerSlot) & mask;
    return slot;
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

  /** Empties a slot and moves up those behind it that would not be found past the gap. */
  #clearSlot(start: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = start;
    for (let slot = (start + wordsPerSlot) & mask; slots[slot + 1] !== 0; slot = (slot + wordsPerSlot) & mask) {
      const home = (slots[slot]! >>> this.#shift) * wordsPerSlot;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot]!;
      slots[gap + 1] = slots[slot + 1]!;
      gap = slot;
    }
    slots[gap + 1] = 0;
    this.#count--;
  }
}

/** Twice as many as ids, a power of two. */
function slotsFor(ids: number): number {
  return 2 ** Math.ceil(Math.log2(ids * 2));
}

function shiftFor(slots: number): number {
  return 32 - Math.log2(slots);
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
