/**
 * For each owner (a session, an item: a dense number) a sliding window of ints, oldest first. A window's block
 * doubles until it holds the bound and some room; then the newest are moved to its front when the room runs out, so
 * that a push costs O(1) on average.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { IntBlocks, largestClass } from './int-blocks.ts';
import { lookedAt } from './looked-at.ts';

/**
 * Of an owner: its block's address, where in it the window starts and ends, and the block's class; 0: it has none.
 * Together, because every push reads all four: side by side they are one access to memory instead of four.
 */
const stride = 4;
const startAt = 1;
const endAt = 2;
const classAt = 3;

export class IntWindows {
  readonly #blocks = new IntBlocks();
  readonly #smallest: number;
  readonly #largest: number;
  #heads = new Int32Array(64 * stride);

  /**
   * `bound`: how many ints an owner's window may come to hold at once. `smallest`: a first block has 2^smallest; what most
   * owners need, so that few blocks have to be moved.
   */
  constructor(bound: number, smallest = 2) {
    let largest = smallest;
    while (1 << largest < bound + (bound >> 2) && largest < largestClass) largest++;
    this.#smallest = smallest;
    this.#largest = largest;
  }

  length(owner: number): number {
    const head = owner * stride;
    return head < this.#heads.length ? this.#heads[head + endAt]! - this.#heads[head + startAt]! : 0;
  }

  /** The array in which the window lies, from `from(owner)` on. Both hold until the next push to any owner. */
  array(owner: number): Int32Array {
    return this.#blocks.chunkOf(this.#heads[owner * stride]!);
  }

  from(owner: number): number {
    const head = owner * stride;
    return this.#blocks.offsetOf(this.#heads[head]!) + this.#heads[head + startAt]!;
  }

  /** Reads what pushes to these owners will need; changes nothing. */
  lookAhead(owners: Int32Array, count: number): void {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.length(owners[i]!);
    for (let i = 0; i < count; i++) {
      const owner = owners[i]!;
      if (this.length(owner) > 0) sum += this.array(owner)[this.from(owner)]!;
    }
    lookedAt[0] = sum;
  }

  /** Makes room for `count` ints at the newest end and answers where in `array(owner)` they lie. */
  extend(owner: number, count: number): number {
    const head = owner * stride;
    if (head >= this.#heads.length) this.#heads = grownInts(this.#heads, head + stride);
    const sizeClass = this.#heads[head + classAt]!;
    if (sizeClass === 0 || this.#heads[head + endAt]! + count > 1 << sizeClass) this.#makeRoom(owner, count);
    const end = this.#heads[head + endAt]!;
    this.#heads[head + endAt] = end + count;
    return this.#blocks.offsetOf(this.#heads[head]!) + end;
  }

  push(owner: number, value: number): void {
    const at = this.extend(owner, 1);
    this.array(owner)[at] = value;
  }

  /** Lets go of the `count` oldest. */
  dropOldest(owner: number, count: number): void {
    const head = owner * stride;
    this.#heads[head + startAt] = this.#heads[head + startAt]! + count;
  }

  /** Keeps only the first `length` of the window. */
  truncate(owner: number, length: number): void {
    const head = owner * stride;
    this.#heads[head + endAt] = this.#heads[head + startAt]! + length;
  }

  /** Empties the window and gives its block back. */
  clear(owner: number): void {
    const head = owner * stride;
    if (head >= this.#heads.length || this.#heads[head + classAt] === 0) return;
    this.#blocks.release(this.#heads[head]!, this.#heads[head + classAt]!);
    this.#heads.fill(0, head, head + stride);
  }

  /** Moves the window to the front of its block, or to a block of twice the size while that is allowed and needed. */
  #makeRoom(owner: number, count: number): void {
    const head = owner * stride;
    const oldClass = this.#heads[head + classAt]!;
    const oldAddress = this.#heads[head]!;
    const length = this.length(owner);
    let sizeClass = Math.max(oldClass, this.#smallest);
    while (sizeClass < this.#largest && length + count > (1 << sizeClass) - ((1 << sizeClass) >> 2)) sizeClass++;
    const address = sizeClass === oldClass ? oldAddress : this.#blocks.allocate(sizeClass);
    if (length > 0) this.#move(owner, address, length);
    if (sizeClass !== oldClass && oldClass !== 0) this.#blocks.release(oldAddress, oldClass);
    this.#heads[head] = address;
    this.#heads[head + startAt] = 0;
    this.#heads[head + endAt] = length;
    this.#heads[head + classAt] = sizeClass;
  }

  #move(owner: number, address: number, length: number): void {
    const from = this.from(owner);
    const source = this.array(owner);
    const target = this.#blocks.chunkOf(address);
    const to = this.#blocks.offsetOf(address);
    if (target === source) source.copyWithin(to, from, from + length);
    else for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
  }

  persist(archive: Archive): void {
    this.#blocks.persist(archive.part('blocks'));
    const owners = Math.ceil(archive.used(this.#heads) / stride);
    this.#heads = archive.ints('heads', this.#heads, owners * stride);
  }
}
