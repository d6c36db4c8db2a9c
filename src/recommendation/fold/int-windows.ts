/**
 * For each owner (a session, an item, a person: a dense number) a sliding window of ints, oldest first. A window's block
 * doubles until it holds the bound and some room; then the newest are moved to its front when the room runs out, so
 * that a push costs O(1) on average.
 */
import { grownBytes, grownInts } from './growth.ts';
import { IntBlocks, largestClass } from './int-blocks.ts';

const smallestClass = 2;

export class IntWindows {
  readonly #blocks = new IntBlocks();
  readonly #largest: number;
  #addresses = new Int32Array(64);
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  /** The class of an owner's block; 0: it has none. */
  #classes = new Uint8Array(64);

  /** `bound`: how many ints an owner's window may come to hold at once. */
  constructor(bound: number) {
    let largest = smallestClass;
    while (1 << largest < bound + (bound >> 2) && largest < largestClass) largest++;
    this.#largest = largest;
  }

  length(owner: number): number {
    return owner < this.#ends.length ? this.#ends[owner]! - this.#starts[owner]! : 0;
  }

  /** The array in which the window lies, from `from(owner)` on. Both hold until the next push to any owner. */
  array(owner: number): Int32Array {
    return this.#blocks.chunkOf(this.#addresses[owner]!);
  }

  from(owner: number): number {
    return this.#blocks.offsetOf(this.#addresses[owner]!) + this.#starts[owner]!;
  }

  /** Makes room for `count` ints at the newest end and answers where in `array(owner)` they lie. */
  extend(owner: number, count: number): number {
    if (owner >= this.#ends.length) this.#grow(owner + 1);
    const sizeClass = this.#classes[owner]!;
    if (sizeClass === 0 || this.#ends[owner]! + count > 1 << sizeClass) this.#makeRoom(owner, count);
    const end = this.#ends[owner]!;
    this.#ends[owner] = end + count;
    return this.#blocks.offsetOf(this.#addresses[owner]!) + end;
  }

  push(owner: number, value: number): void {
    const at = this.extend(owner, 1);
    this.#blocks.chunkOf(this.#addresses[owner]!)[at] = value;
  }

  /** Lets go of the `count` oldest. */
  dropOldest(owner: number, count: number): void {
    this.#starts[owner] = this.#starts[owner]! + count;
  }

  /** Keeps only the first `length` of the window. */
  truncate(owner: number, length: number): void {
    this.#ends[owner] = this.#starts[owner]! + length;
  }

  /** Empties the window and gives its block back. */
  clear(owner: number): void {
    if (owner >= this.#ends.length || this.#classes[owner] === 0) return;
    this.#blocks.release(this.#addresses[owner]!, this.#classes[owner]!);
    this.#classes[owner] = 0;
    this.#starts[owner] = 0;
    this.#ends[owner] = 0;
  }

  /** Moves the window to the front of its block, or to a block of twice the size while that is allowed and needed. */
  #makeRoom(owner: number, count: number): void {
    const oldClass = this.#classes[owner]!;
    const length = this.length(owner);
    let sizeClass = Math.max(oldClass, smallestClass);
    while (sizeClass < this.#largest && length + count > (1 << sizeClass) - ((1 << sizeClass) >> 2)) sizeClass++;
    const address = sizeClass === oldClass ? this.#addresses[owner]! : this.#blocks.allocate(sizeClass);
    if (length > 0) this.#move(owner, address, length);
    if (sizeClass !== oldClass && oldClass !== 0) this.#blocks.release(this.#addresses[owner]!, oldClass);
    this.#addresses[owner] = address;
    this.#classes[owner] = sizeClass;
    this.#starts[owner] = 0;
    this.#ends[owner] = length;
  }

  #move(owner: number, address: number, length: number): void {
    const from = this.from(owner);
    const source = this.array(owner);
    const target = this.#blocks.chunkOf(address);
    const to = this.#blocks.offsetOf(address);
    if (target === source) source.copyWithin(to, from, from + length);
    else for (let i = 0; i < length; i++) target[to + i] = source[from + i]!;
  }

  #grow(owners: number): void {
    this.#addresses = grownInts(this.#addresses, owners);
    this.#starts = grownInts(this.#starts, owners);
    this.#ends = grownInts(this.#ends, owners);
    this.#classes = grownBytes(this.#classes, owners);
  }
}
