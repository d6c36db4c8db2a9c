/**
 * Texts as UTF-8 in large chunks, each behind a value of its own and its length, so that a million short texts cost no
 * million objects. Addresses count words of four bytes; none is 0. The last word is filled up with zeros.
 */
import type { Archive } from './archive.ts';
import { persistFree } from './freed-places.ts';
import type { TextKey } from './text-key.ts';

/** Words of a chunk: 1 MiB. */
const chunkBits = 18;
const chunkWords = 1 << chunkBits;
const chunkMask = chunkWords - 1;
/** The first chunk doubles from here on. */
const smallestChunk = 256;
/** Words before a text: its value, its length in bytes. */
const headWords = 2;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class TextStore {
  readonly #words: Int32Array<ArrayBuffer>[] = [new Int32Array(smallestChunk)];
  readonly #bytes: Uint8Array<ArrayBuffer>[] = [new Uint8Array(this.#words[0]!.buffer)];
  /** By their lengths in words: places of texts that were removed. */
  readonly #free = new Map<number, number[]>();
  #end = 1;

  valueAt(address: number): number {
    return this.#words[address >>> chunkBits]![address & chunkMask]!;
  }

  setValue(address: number, value: number): void {
    this.#words[address >>> chunkBits]![address & chunkMask] = value;
  }

  /** Whether the text at the address is that of the key. */
  equals(address: number, key: TextKey): boolean {
    const own = this.#words[address >>> chunkBits]!;
    const head = address & chunkMask;
    if (own[head + 1] !== key.length) return false;
    const { words } = key;
    const count = (key.length + 3) >> 2;
    for (let i = 0; i < count; i++) if (own[head + headWords + i] !== words[i]) return false;
    return true;
  }

  /** Copies a text behind the others, or to where one was removed; answers its address. */
  add(key: TextKey, value: number): number {
    const size = wordsOf(key.length);
    const address = this.#reserve(size);
    const words = this.#words[address >>> chunkBits]!;
    const head = address & chunkMask;
    words[head] = value;
    words[head + 1] = key.length;
    for (let i = 0; i < size - headWords; i++) words[head + headWords + i] = key.words[i]!;
    return address;
  }

  textAt(address: number): string {
    return decoder.decode(this.bytesAt(address));
  }

  /** A view that holds until the text is removed. */
  bytesAt(address: number): Uint8Array {
    const chunk = address >>> chunkBits;
    const head = address & chunkMask;
    const start = (head + headWords) << 2;
    return this.#bytes[chunk]!.subarray(start, start + this.#words[chunk]![head + 1]!);
  }

  /** Overwrites a text with zeros; another one will come to its place. */
  remove(address: number): void {
    const head = address & chunkMask;
    const words = this.#words[address >>> chunkBits]!;
    const size = wordsOf(words[head + 1]!);
    words.fill(0, head, head + size);
    const free = this.#free.get(size) ?? [];
    this.#free.set(size, free);
    free.push(address);
  }

  /** A text longer than a chunk gets a chunk of its own length. */
  #reserve(words: number): number {
    const freed = this.#free.get(words)?.pop();
    if (freed !== undefined) return freed;
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

  persist(archive: Archive): void {
    const last = this.#words.length - 1;
    const lastLength = this.#end >>> chunkBits === last ? this.#end & chunkMask : this.#words[last]!.length;
    archive.chunks('words', this.#words, lastLength);
    [this.#end] = archive.numbers('end', [this.#end]);
    persistFree(archive, this.#free);
    if (!archive.isReading) return;
    this.#bytes.length = 0;
    for (const words of this.#words) this.#bytes.push(new Uint8Array(words.buffer));
  }
}

function wordsOf(length: number): number {
  return headWords + ((length + 3) >> 2);
}
