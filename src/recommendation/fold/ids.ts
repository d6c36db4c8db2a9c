/** Ids of one kind and the person that each leads to. */
import type { Archive } from './archive.ts';
import { TextTable } from './text-table.ts';
import { Utf8 } from './utf8.ts';

const nobody = -1;
const utf8 = new Utf8();

export class Ids {
  readonly #texts = new TextTable();

  /** -1: the id leads to nobody. */
  personOf(id: string): number {
    const length = utf8.encode(id);
    return this.personOfBytes(utf8.bytes, 0, length);
  }

  /** As `personOf`, of the UTF-8 from `from` to before `to`. */
  personOfBytes(bytes: Uint8Array, from: number, to: number): number {
    const address = this.#texts.find(bytes, from, to);
    return address === 0 ? nobody : this.#texts.valueAt(address);
  }

  /** See `TextTable.lookAhead`. */
  lookAhead(hashes: Int32Array, count: number): void {
    this.#texts.lookAhead(hashes, count);
  }

  /** From now on the id leads to that person. Answers where it is held, for `textAt` and `forget`. */
  lead(id: string, person: number): number {
    const length = utf8.encode(id);
    return this.leadBytes(utf8.bytes, 0, length, person);
  }

  /** As `lead`, of the UTF-8 from `from` to before `to`. */
  leadBytes(bytes: Uint8Array, from: number, to: number, person: number): number {
    const address = this.#texts.find(bytes, from, to);
    if (address === 0) return this.#texts.add(bytes, from, to, person);
    this.#texts.setValue(address, person);
    return address;
  }

  textAt(address: number): string {
    return this.#texts.textAt(address);
  }

  /** The id leads to nobody, and its text is gone. */
  forgetAt(address: number): void {
    this.#texts.remove(address);
  }

  /** As `forgetAt`, where the id is known. */
  forget(id: string): void {
    const length = utf8.encode(id);
    const address = this.#texts.find(utf8.bytes, 0, length);
    if (address !== 0) this.#texts.remove(address);
  }

  /** All of them, in no order that means anything. */
  *entries(): Generator<readonly [id: string, person: number]> {
    for (const address of this.#texts.addresses()) yield [this.#texts.textAt(address), this.#texts.valueAt(address)];
  }

  persist(archive: Archive): void {
    this.#texts.persist(archive);
  }
}
