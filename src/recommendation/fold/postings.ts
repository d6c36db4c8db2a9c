/** For each item, by its place, the newest sessions that hold it, each once, as VMIS-kNN wants them (Serenade, SIGMOD 2022). */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { IntWindows } from './int-windows.ts';
import { entries, type TallyLog } from './tally-log.ts';

export class Postings {
  readonly #length: number;
  readonly #windows: IntWindows;
  #holders = new Int32Array(256);
  /** Where there is one, pushes and removals are noted there and nothing else is done. */
  log: TallyLog | undefined;

  /** `length`: Serenade's m. */
  constructor(length: number) {
    this.#length = length;
    this.#windows = new IntWindows(length + 1);
  }

  /** How many sessions hold the item, also those that its list has no place for. */
  holders(item: number): number {
    return this.#holders[item] ?? 0;
  }

  /** How many sessions its list has. */
  count(item: number): number {
    return this.#windows.length(item);
  }

  /** Copies the list, newest push first, and answers how many were copied: at most `into.length`. */
  copy(item: number, into: Int32Array): number {
    const length = this.#windows.length(item);
    if (length === 0) return 0;
    const array = this.#windows.array(item);
    const newest = this.#windows.from(item) + length - 1;
    const count = Math.min(length, into.length);
    for (let i = 0; i < count; i++) into[i] = array[newest - i]!;
    return count;
  }

  /** Makes the session the newest of the item's list. `held`: the session held the item before. */
  push(item: number, session: number, held: boolean): void {
    if (this.log !== undefined) {
      this.log.note(entries.posting, item, session, held ? 1 : 0);
      return;
    }
    if (held) {
      if (this.#cut(item, session)) return;
    } else {
      if (item >= this.#holders.length) this.#holders = grownInts(this.#holders, item + 1);
      this.#holders[item] = this.#holders[item]! + 1;
    }
    this.#windows.push(item, session);
    if (this.#windows.length(item) > this.#length) this.#windows.dropOldest(item, 1);
  }

  /** Empties the item's list. */
  forget(item: number): void {
    this.#windows.clear(item);
    if (item < this.#holders.length) this.#holders[item] = 0;
  }

  /** The session does not hold the item any more. */
  remove(item: number, session: number): void {
    if (this.log !== undefined) {
      this.log.note(entries.postingRemoved, item, session);
      return;
    }
    this.#holders[item] = this.#holders[item]! - 1;
    const newest = this.#cut(item, session);
    if (newest) this.#windows.truncate(item, this.#windows.length(item) - 1);
  }

  /** Takes the session out of the list, unless it is the newest: then true. */
  #cut(item: number, session: number): boolean {
    const length = this.#windows.length(item);
    if (length === 0) return false;
    const array = this.#windows.array(item);
    const from = this.#windows.from(item);
    const newest = from + length - 1;
    let at = newest;
    while (at >= from && array[at] !== session) at--;
    if (at === newest) return true;
    if (at < from) return false;
    for (; at < newest; at++) array[at] = array[at + 1]!;
    this.#windows.truncate(item, length - 1);
    return false;
  }

  persist(archive: Archive): void {
    this.#windows.persist(archive.part('windows'));
    this.#holders = archive.ints('holders', this.#holders, archive.used(this.#holders));
  }
}
