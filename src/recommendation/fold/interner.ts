/** Gives texts dense numbers, 0, 1, 2, … in the order of their first appearance, by their UTF-8; those of wiped ones again. */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { TextTable } from './text-table.ts';
import { Utf8 } from './utf8.ts';

const utf8 = new Utf8();
const none = -1;

export class Interner {
  readonly #texts = new TextTable();
  /** By number: where its text is. Of a wiped one, the number wiped before it, as {@link afterWiped} has it. */
  #addresses = new Int32Array(64);
  #size = 0;
  /** The number wiped last. */
  #wiped = none;

  /** Numbers are below it. */
  get size(): number {
    return this.#size;
  }

  numberOf(text: string): number | undefined {
    const length = utf8.encode(text);
    const number = this.find(utf8.bytes, 0, length);
    return number === -1 ? undefined : number;
  }

  /** The number of `text`, a new one where it is not known yet. */
  intern(text: string): number {
    const length = utf8.encode(text);
    return this.internBytes(utf8.bytes, 0, length);
  }

  /** See `TextTable.lookAhead`. */
  lookAhead(hashes: Int32Array, count: number): void {
    this.#texts.lookAhead(hashes, count);
  }

  /** The number of the UTF-8 from `from` to before `to`; -1: it is not known. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const address = this.#texts.find(bytes, from, to);
    return address === 0 ? -1 : this.#texts.valueAt(address);
  }

  /** As `intern`, of the UTF-8 from `from` to before `to`, which is copied. */
  internBytes(bytes: Uint8Array, from: number, to: number): number {
    const address = this.#texts.find(bytes, from, to);
    return address === 0 ? this.#begin(bytes, from, to) : this.#texts.valueAt(address);
  }

  /** The text behind a number that `intern` gave; '' where it was wiped. */
  textOf(number: number): string {
    const address = this.#addresses[number]!;
    return address <= 0 ? '' : this.#texts.textAt(address);
  }

  /** Overwrites a text. Its number is that of the next new text. */
  wipe(number: number): void {
    this.#texts.remove(this.#addresses[number]!);
    this.#addresses[number] = afterWiped(this.#wiped);
    this.#wiped = number;
  }

  #begin(bytes: Uint8Array, from: number, to: number): number {
    const number = this.#wiped === none ? this.#size++ : this.#wiped;
    this.#addresses = grownInts(this.#addresses, this.#size);
    if (number === this.#wiped) this.#wiped = afterWiped(this.#addresses[number]!);
    this.#addresses[number] = this.#texts.add(bytes, from, to, number);
    return number;
  }

  persist(archive: Archive): void {
    this.#texts.persist(archive);
    [this.#size, this.#wiped] = archive.numbers('numbers', [this.#size, this.#wiped]);
    this.#addresses = archive.ints('addresses', this.#addresses, this.#size);
  }
}

/** From -1 and numbers to 0 and below, where no address is; and back. */
function afterWiped(number: number): number {
  return -1 - number;
}
