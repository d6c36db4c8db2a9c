/**
 * The recommendations that were served last: what they showed, and what of it was seen and clicked. A ring of rows, each with
 * the address of a block of numbers, in a few large arrays: ten thousand of them are no ten thousand objects for a garbage
 * collector to look at.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { HeldNames } from './held-names.ts';
import { IntBlocks } from './int-blocks.ts';
import type { ServedItems } from './served-items.ts';
import { TextTable } from './text-table.ts';

/** One recommendation, as a copy. */
export interface RememberedRecommendation {
  readonly id: string;
  readonly placement: string;
  /** In the order served, as the next three. */
  readonly items: readonly number[];
  /** The place of each, from 1. */
  readonly positions: readonly number[];
  readonly strategies: readonly string[];
  /** Bits of {@link marks}. */
  readonly marks: readonly number[];
}

/** What became of an item. */
export const marks = { seen: 1, clicked: 2 } as const;

/** Of a row: the address of its id, the address of its block, how many items it has, and the number of its placement. */
const stride = 4;
const blockAt = 1;
const lengthAt = 2;
const placementAt = 3;

/** Of an item in a block: its number, its position; the number of its strategy, and below that its marks. */
const itemStride = 3;
const positionAt = 1;
const strategyAt = 2;
const markBits = 2;
const allMarks = (1 << markBits) - 1;

const unknown = -1;

export class Recommendations {
  readonly #max: number;
  /** With the rows they lead to. */
  readonly #ids = new TextTable();
  /** Of placements and of strategies. */
  readonly #names = new HeldNames();
  readonly #blocks = new IntBlocks();
  #rows = new Int32Array(64 * stride);
  #size = 0;
  /** The row of the one served first, once all are taken. */
  #oldest = 0;

  /** `max`: how many are remembered; the one served first leaves. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The row of the one whose id is the UTF-8 from `from` to before `to`, until it leaves; -1: it is not remembered. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const id = this.#ids.find(bytes, from, to);
    return id === 0 ? unknown : this.#ids.valueAt(id);
  }

  /** Remembers one that `find` did not find: at most 1,000 items, by their field rule. */
  add(bytes: Uint8Array, from: number, to: number, placement: string, served: ServedItems): void {
    const row = this.#size < this.#max ? this.#size++ : this.#forgetOldest();
    const block = this.#blocks.allocate(classFor(served.length));
    this.#rows = grownInts(this.#rows, this.#size * stride);
    const at = row * stride;
    this.#rows[at] = this.#ids.add(bytes, from, to, row);
    this.#rows[at + blockAt] = block;
    this.#rows[at + lengthAt] = served.length;
    this.#rows[at + placementAt] = this.#names.hold(placement);
    this.#fill(block, served);
  }

  #fill(block: number, { length, items, positions, strategies }: ServedItems): void {
    const words = this.#blocks.chunkOf(block);
    const names = this.#names;
    let at = this.#blocks.offsetOf(block);
    let strategy = unknown;
    for (let i = 0; i < length; i++, at += itemStride) {
      // Most of a recommendation's items have one strategy.
      if (i > 0 && strategies[i] === strategies[i - 1]) names.holdAgain(strategy);
      else strategy = names.hold(strategies[i]!);
      words[at] = items[i]!;
      words[at + positionAt] = positions[i]!;
      words[at + strategyAt] = strategy << markBits;
    }
  }

  /** Answers its row. */
  #forgetOldest(): number {
    const row = this.#oldest;
    const at = row * stride;
    const block = this.#rows[at + blockAt]!;
    const length = this.#rows[at + lengthAt]!;
    for (let i = 0; i < length; i++) this.#names.release(this.#wordOf(row, i, strategyAt) >>> markBits);
    this.#names.release(this.#rows[at + placementAt]!);
    this.#blocks.release(block, classFor(length));
    this.#ids.remove(this.#rows[at]!);
    this.#oldest = (row + 1) % this.#max;
    return row;
  }

  /** How many items it has. */
  lengthOf(row: number): number {
    return this.#rows[row * stride + lengthAt]!;
  }

  placementOf(row: number): string {
    return this.#names.nameOf(this.#rows[row * stride + placementAt]!);
  }

  itemAt(row: number, i: number): number {
    return this.#wordOf(row, i, 0);
  }

  positionAt(row: number, i: number): number {
    return this.#wordOf(row, i, positionAt);
  }

  strategyAt(row: number, i: number): string {
    return this.#names.nameOf(this.#wordOf(row, i, strategyAt) >>> markBits);
  }

  /** Marks an item of it. False: it bore that mark. */
  mark(row: number, i: number, mark: number): boolean {
    const block = this.#rows[row * stride + blockAt]!;
    const words = this.#blocks.chunkOf(block);
    const at = this.#blocks.offsetOf(block) + i * itemStride + strategyAt;
    if ((words[at]! & mark) !== 0) return false;
    words[at] = words[at]! | mark;
    return true;
  }

  /** The one served first comes first. */
  *all(): Generator<RememberedRecommendation> {
    for (let i = 0; i < this.#size; i++) yield this.#copyOf((this.#oldest + i) % this.#size);
  }

  #copyOf(row: number): RememberedRecommendation {
    const all = Array.from({ length: this.lengthOf(row) }, (_, i) => i);
    return {
      id: this.#ids.textAt(this.#rows[row * stride]!),
      placement: this.placementOf(row),
      items: all.map((i) => this.itemAt(row, i)),
      positions: all.map((i) => this.positionAt(row, i)),
      strategies: all.map((i) => this.strategyAt(row, i)),
      marks: all.map((i) => this.#wordOf(row, i, strategyAt) & allMarks),
    };
  }

  #wordOf(row: number, i: number, at: number): number {
    const block = this.#rows[row * stride + blockAt]!;
    return this.#blocks.chunkOf(block)[this.#blocks.offsetOf(block) + i * itemStride + at]!;
  }

  persist(archive: Archive): void {
    this.#ids.persist(archive.part('ids'));
    this.#names.persist(archive.part('names'));
    this.#blocks.persist(archive.part('blocks'));
    [this.#size, this.#oldest] = archive.numbers('ring', [this.#size, this.#oldest]);
    this.#rows = archive.ints('rows', this.#rows, this.#size * stride);
  }
}

/** The class of the smallest block that holds so many items. */
function classFor(length: number): number {
  return length === 0 ? 0 : 32 - Math.clz32(length * itemStride - 1);
}
