/**
 * Texts and a number for each, looked up by their UTF-8: a text that stands in an event's bytes is found where it stands,
 * and no string is made of it.
 *
 * An open hash table (linear probing, at most half full) of hashes and addresses, over texts that lie end to end with
 * their values in large chunks. All that a look-up touches is one place in each.
 *
 * It grows without a stop: the table of before stays beside one of twice its size, and each addition moves some of its slots. Till
 * the last has moved, what is not found in the new one is looked for in the old one, which nothing is added to.
 */
import type { Archive } from './archive.ts';
import { TextKey } from './text-key.ts';
import { TextStore } from './text-store.ts';

/** Of a slot: the text's hash, and its address; 0: the slot is free. */
const stride = 2;
/** In the table of before, in place of the address of a text that was removed. */
const gone = -1;
/** So many slots an addition moves: enough to be done long before the next growth. */
const movedAtOnce = 32 * stride;
const nothing = new Int32Array(0);

const key = new TextKey();

export class TextTable {
  readonly #texts = new TextStore();
  #table = new Int32Array(64 * stride);
  #mask = 63;
  #size = 0;
  /** The table of before, while its slots are moved: those below `#moved` are in the new one too. */
  #former = nothing;
  #moved = 0;

  /** How many texts there are. */
  get size(): number {
    return this.#size;
  }

  /** The address of the UTF-8 from `from` to before `to`, which holds until the text is removed; 0: it is not known. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const table = this.#table;
    const mask = this.#mask;
    key.read(bytes, from, to);
    const { hash } = key;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const address = table[place * stride + 1]!;
      if (address === 0) return this.#former === nothing ? 0 : this.#findFormer();
      if (table[place * stride] === hash && this.#texts.equals(address, key)) return address;
    }
  }

  /**
   * Puts the values of the texts that `count` hashes lead to in their place; 0 where there is none. Only for reading ahead: a
   * text with another hash may be taken for the one.
   */
  lookAhead(hashes: Int32Array, count: number): void {
    const table = this.#table;
    const mask = this.#mask;
    for (let i = 0; i < count; i++) hashes[i] = table[(hashes[i]! & mask) * stride + 1]!;
    for (let i = 0; i < count; i++) if (hashes[i] !== 0) hashes[i] = this.#texts.valueAt(hashes[i]!);
  }

  /** As `find`, of `key`, among those that have not moved yet. */
  #findFormer(): number {
    const table = this.#former;
    const mask = table.length / stride - 1;
    const { hash } = key;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const address = table[place * stride + 1]!;
      if (address === 0) return 0;
      if (table[place * stride] === hash && address !== gone && this.#texts.equals(address, key)) return address;
    }
  }

  /** Adds a text that `find` did not find, and answers its address. It is copied. */
  add(bytes: Uint8Array, from: number, to: number, value: number): number {
    if (this.#size * 2 >= this.#mask) this.#enlarge();
    if (this.#former !== nothing) this.#move(movedAtOnce);
    this.#size++;
    key.read(bytes, from, to);
    const address = this.#texts.add(key, value);
    this.#put(key.hash, address);
    return address;
  }

  valueAt(address: number): number {
    return this.#texts.valueAt(address);
  }

  setValue(address: number, value: number): void {
    this.#texts.setValue(address, value);
  }

  textAt(address: number): string {
    return this.#texts.textAt(address);
  }

  /** Forgets a text and overwrites its bytes. */
  remove(address: number): void {
    const bytes = this.#texts.bytesAt(address);
    key.read(bytes, 0, bytes.length);
    const place = placeOf(address, key.hash, this.#table, this.#mask);
    if (place !== -1) this.#close(place);
    if (this.#former !== nothing) this.#leave(address, key.hash);
    this.#texts.remove(address);
    this.#size--;
  }

  /** Of all texts, in no order that means anything. */
  *addresses(): Generator<number> {
    this.#move(this.#former.length);
    for (let slot = 1; slot < this.#table.length; slot += stride) {
      if (this.#table[slot] !== 0) yield this.#table[slot]!;
    }
  }

  #put(hash: number, address: number): void {
    let place = hash & this.#mask;
    while (this.#table[place * stride + 1] !== 0) place = (place + 1) & this.#mask;
    this.#table[place * stride] = hash;
    this.#table[place * stride + 1] = address;
  }

  /** Frees a slot and moves those behind it up that would not be found across a gap (Knuth, 6.4, algorithm R). */
  #close(freed: number): void {
    const table = this.#table;
    const mask = this.#mask;
    let gap = freed;
    for (let place = (gap + 1) & mask; table[place * stride + 1] !== 0; place = (place + 1) & mask) {
      const home = table[place * stride]! & mask;
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      table[gap * stride] = table[place * stride]!;
      table[gap * stride + 1] = table[place * stride + 1]!;
      gap = place;
    }
    table[gap * stride + 1] = 0;
  }

  /** No text is there any more in the table of before. */
  #leave(address: number, hash: number): void {
    const place = placeOf(address, hash, this.#former, this.#former.length / stride - 1);
    if (place !== -1) this.#former[place * stride + 1] = gone;
  }

  #enlarge(): void {
    this.#move(this.#former.length);
    this.#former = this.#table;
    this.#moved = 0;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Int32Array((this.#mask + 1) * stride);
  }

  /** Moves the next of the table of before: slots of `length` numbers in all, or what there is. */
  #move(length: number): void {
    const former = this.#former;
    const end = Math.min(former.length, this.#moved + length);
    for (let slot = this.#moved; slot < end; slot += stride) {
      if (former[slot + 1]! > 0) this.#put(former[slot]!, former[slot + 1]!);
    }
    this.#moved = end;
    if (end === former.length) this.#former = nothing;
  }

  persist(archive: Archive): void {
    if (archive.isMeasuring) archive.ints('former', this.#former, this.#former.length);
    else this.#move(this.#former.length);
    this.#texts.persist(archive.part('texts'));
    this.#table = archive.ints('table', this.#table, this.#table.length);
    this.#mask = this.#table.length / stride - 1;
    [this.#size] = archive.numbers('size', [this.#size]);
  }
}

/** The place of a slot with that address; -1: none has it. */
function placeOf(address: number, hash: number, table: Int32Array, mask: number): number {
  let place = hash & mask;
  while (table[place * stride + 1] !== address) {
    if (table[place * stride + 1] === 0) return -1;
    place = (place + 1) & mask;
  }
  return place;
}
