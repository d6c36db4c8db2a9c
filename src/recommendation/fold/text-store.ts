/**
 * Texts as UTF-8 in large chunks, each behind its number and its length, so that a million short texts cost no million
 * objects. Addresses count words of four bytes; none is 0.
 */
import { grownInts } from './growth.ts';

/** Words of a chunk: 1 MiB. */
const chunkBits = 18;
const chunkWords = 1 << chunkBits;
const chunkMask = chunkWords - 1;
/** The first chunk doubles from here on. */
const smallestChunk = 256;
/** Words before a text: its number, its length in bytes; -1: it was wiped. */
const headWords = 2;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class TextStore {
  readonly #words: Int32Array[] = [new Int32Array(smallestChunk)];
  readonly #bytes: Uint8Array[] = [new Uint8Array(this.#words[0]!.buffer)];
  #addresses = new Int32Array(64);
  #size = 0;
  #end = 1;

  get size(): number {
    return this.#size;
  }

  numberAt(address: number): number {
    return this.#words[address >>> chunkBits]![address & chunkMask]!;
  }

  /** Whether the text at the address is the one from `from` to before `to`. */
  equals(address: number, bytes: Uint8Array, from: number, to: number): boolean {
    const chunk = address >>> chunkBits;
    const head = address & chunkMask;
    const length = to - from;
    if (this.#words[chunk]![head + 1] !== length) return false;
    const own = this.#bytes[chunk]!;
    const start = (head + headWords) << 2;
    for (let i = 0; i < length; i++) if (own[start + i] !== bytes[from + i]) return false;
    return true;
  }

  /** Copies a text behind the others, as the next number; answers its address. */
  append(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    const address = this.#reserve(headWords + ((length + 3) >> 2));
    const chunk = address >>> chunkBits;
    const head = address & chunkMask;
    const words = this.#words[chunk]!;
    words[head] = this.#size;
    words[head + 1] = length;
    const own = this.#bytes[chunk]!;
    const start = (head + headWords) << 2;
    for (let i = 0; i < length; i++) own[start + i] = bytes[from + i]!;
    this.#addresses = grownInts(this.#addresses, this.#size + 1);
    this.#addresses[this.#size++] = address;
    return address;
  }

  textOf(number: number): string {
    const address = this.#addresses[number]!;
    const chunk = address >>> chunkBits;
    const head = address & chunkMask;
    const length = this.#words[chunk]![head + 1]!;
    const start = (head + headWords) << 2;
    return length <= 0 ? '' : decoder.decode(this.#bytes[chunk]!.subarray(start, start + length));
  }

  wipe(number: number): void {
    const address = this.#addresses[number]!;
    const chunk = address >>> chunkBits;
    const head = address & chunkMask;
    const words = this.#words[chunk]!;
    const textWords = (words[head + 1]! + 3) >> 2;
    words[head + 1] = -1;
    words.fill(0, head + headWords, head + headWords + textWords);
  }

  /** A text longer than a chunk gets a chunk of its own length. */
  #reserve(words: number): number {
    const fits = (this.#end & chunkMask) + words <= chunkWords && this.#end >>> chunkBits < this.#words.length;
    const address = fits ? this.#end : this.#words.length << chunkBits;
    this.#grow(address >>> chunkBits, (address & chunkMask) + words);
    this.#end = address + Math.min(words, chunkWords);
    return address;
  }

  #grow(chunk: number, needed: number): void {
    const known = this.#words[chunk];
    if (known !== undefined && known.length >= needed) return;
    const length = chunk === 0 ? Math.min(chunkWords, Math.max(needed, (known?.length ?? 0) * 2)) : chunkWords;
    const grown = new Int32Array(Math.max(length, needed));
    if (known !== undefined) grown.set(known);
    this.#words[chunk] = grown;
    this.#bytes[chunk] = new Uint8Array(grown.buffer);
  }
}
