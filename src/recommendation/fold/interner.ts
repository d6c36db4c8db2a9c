/**
 * Gives texts dense numbers, 0, 1, 2, … in the order of their first appearance, by their UTF-8: a text that stands in an
 * event's bytes is looked up where it stands, and no string is made of it.
 *
 * An open hash table (linear probing, at most half full) of hashes and places, over records of number, length and text
 * that lie end to end in large chunks. All a look-up touches is one place in each.
 */
import { TextStore } from './text-store.ts';

/** Of a slot: the text's hash, and where its record is; 0: nowhere. */
const stride = 2;

export class Interner {
  readonly #texts = new TextStore();
  #table = new Int32Array(64 * stride);
  #mask = 63;

  /** How many texts there were; the next new one gets this number. */
  get size(): number {
    return this.#texts.size;
  }

  numberOf(text: string): number | undefined {
    const length = encode(text);
    const number = this.find(scratch, 0, length);
    return number === -1 ? undefined : number;
  }

  /** The number of `text`, a new one where it is not known yet. */
  intern(text: string): number {
    const length = encode(text);
    return this.internBytes(scratch, 0, length);
  }

  /** The number of the UTF-8 from `from` to before `to`; -1: it is not known. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const slot = this.#slotOf(bytes, from, to, hashOf(bytes, from, to));
    const address = this.#table[slot + 1]!;
    return address === 0 ? -1 : this.#texts.numberAt(address);
  }

  /** As `intern`, of the UTF-8 from `from` to before `to`, which is copied. */
  internBytes(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    const slot = this.#slotOf(bytes, from, to, hash);
    const address = this.#table[slot + 1]!;
    if (address !== 0) return this.#texts.numberAt(address);
    const number = this.#texts.size;
    this.#table[slot] = hash;
    this.#table[slot + 1] = this.#texts.append(bytes, from, to);
    if (number * 2 >= this.#mask) this.#enlarge();
    return number;
  }

  /** The text behind a number that `intern` gave; '' where it was wiped. */
  textOf(number: number): string {
    return this.#texts.textOf(number);
  }

  /** Overwrites a text. Its number leads nowhere, and the same text would get a new one. */
  wipe(number: number): void {
    this.#texts.wipe(number);
  }

  /** Where the text's slot is, or the free one where it would be. */
  #slotOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const table = this.#table;
    const mask = this.#mask;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = place * stride;
      const address = table[slot + 1]!;
      if (address === 0) return slot;
      if (table[slot] === hash && this.#texts.equals(address, bytes, from, to)) return slot;
    }
  }

  #enlarge(): void {
    const old = this.#table;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Int32Array((this.#mask + 1) * stride);
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + 1] === 0) continue;
      let place = old[from]! & this.#mask;
      while (this.#table[place * stride + 1] !== 0) place = (place + 1) & this.#mask;
      this.#table[place * stride] = old[from]!;
      this.#table[place * stride + 1] = old[from + 1]!;
    }
  }
}

let scratch = new Uint8Array(1_024);
const encoder = new TextEncoder();

/** Writes the text's UTF-8 into `scratch` and answers its length. */
function encode(text: string): number {
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 6);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return encoder.encodeInto(text, scratch).written;
    scratch[i] = code;
  }
  return text.length;
}

/** Four bytes at a time, mixed as in MurmurHash3 (Appleby; public domain). */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (const end = to - 3; at < end; at += 4) {
    hash = mixed(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  let last = 0;
  for (; at < to; at++) last = (last << 8) | bytes[at]!;
  hash = mixed(hash, last);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const turned = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
}
