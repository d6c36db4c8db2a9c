/**
 * For each item a bounded list of partners with weights.
 *
 * A full list makes room as Space-Saving does (Metwally, Agrawal, El Abbadi, ICDT 2005): a new partner takes the place
 * of the weakest and its weight on top, so that no partner is ever counted for less than it is worth. A full list is a
 * heap with the weakest at its top; one with room left is in no order.
 */
import { grownInts } from './growth.ts';
import { WeightedBlocks } from './weighted-blocks.ts';

const smallestRoom = 4;

export class NeighbourLists {
  readonly #max: number;
  readonly #blocks = new WeightedBlocks();
  #addresses = new Int32Array(256);
  #rooms = new Int32Array(256);
  #counts = new Int32Array(256);

  constructor(max: number) {
    this.#max = max;
  }

  /** Items with partners have numbers below it. */
  get reach(): number {
    return this.#counts.length;
  }

  count(item: number): number {
    return this.#counts[item] ?? 0;
  }

  /** Copies partners and their weights times `factor`; answers how many, at most the length of the shorter array. */
  copy(item: number, into: Int32Array, weights: Float64Array, factor: number): number {
    const count = Math.min(this.count(item), into.length, weights.length);
    if (count === 0) return 0;
    const address = this.#addresses[item]!;
    const from = this.#blocks.offsetOf(address);
    const intsFrom = this.#blocks.intOffsetOf(address, this.#rooms[item]!);
    const doubles = this.#blocks.doublesOf(address);
    const ints = this.#blocks.intsOf(address);
    for (let i = 0; i < count; i++) {
      into[i] = ints[intsFrom + i]!;
      weights[i] = doubles[from + i]! * factor;
    }
    return count;
  }

  /** Adds to a partner's weight; `weight` is above 0. */
  add(item: number, partner: number, weight: number): void {
    if (item >= this.#counts.length) this.#grow(item + 1);
    const count = this.#counts[item]!;
    const address = this.#addresses[item]!;
    const ints = this.#blocks.intsOf(address);
    const doubles = this.#blocks.doublesOf(address);
    const from = this.#blocks.offsetOf(address);
    const intsFrom = this.#blocks.intOffsetOf(address, this.#rooms[item]!);
    for (let at = intsFrom; at < intsFrom + count; at++) {
      if (ints[at] === partner) {
        const place = at - intsFrom;
        if (count === this.#max)
          sink(doubles, from, ints, intsFrom, count, place, partner, doubles[from + place]! + weight);
        else doubles[from + place] = doubles[from + place]! + weight;
        return;
      }
    }
    if (count < this.#max) this.#append(item, partner, weight);
    else sink(doubles, from, ints, intsFrom, count, 0, partner, doubles[from]! + weight);
  }

  /** Multiplies all weights; what is smallest may become equal. */
  scale(factor: number): void {
    for (let item = 0; item < this.#counts.length; item++) {
      const count = this.#counts[item]!;
      if (count === 0) continue;
      const from = this.#blocks.offsetOf(this.#addresses[item]!);
      const doubles = this.#blocks.doublesOf(this.#addresses[item]!);
      for (let i = from; i < from + count; i++) doubles[i] = doubles[i]! * factor;
    }
  }

  #append(item: number, partner: number, weight: number): void {
    const count = this.#counts[item]!;
    if (count === this.#rooms[item]) this.#makeRoom(item, count);
    const address = this.#addresses[item]!;
    const from = this.#blocks.offsetOf(address);
    const intsFrom = this.#blocks.intOffsetOf(address, this.#rooms[item]!);
    const doubles = this.#blocks.doublesOf(address);
    const ints = this.#blocks.intsOf(address);
    doubles[from + count] = weight;
    ints[intsFrom + count] = partner;
    this.#counts[item] = count + 1;
    if (count + 1 < this.#max) return;
    for (let place = (count + 1) >> 1; place >= 0; place--) {
      if (place <= count) {
        sink(doubles, from, ints, intsFrom, count + 1, place, ints[intsFrom + place]!, doubles[from + place]!);
      }
    }
  }

  /** To a block of twice the room, or of what the bound needs. */
  #makeRoom(item: number, count: number): void {
    const room = Math.min(Math.max(smallestRoom, count * 2), this.#max + (this.#max & 1));
    const old = this.#addresses[item]!;
    const oldRoom = this.#rooms[item]!;
    const address = this.#blocks.allocate(room);
    if (oldRoom > 0) {
      const doubles = this.#blocks.doublesOf(old);
      const from = this.#blocks.offsetOf(old);
      const ints = this.#blocks.intsOf(old);
      const intsFrom = this.#blocks.intOffsetOf(old, oldRoom);
      const toDoubles = this.#blocks.doublesOf(address);
      const toInts = this.#blocks.intsOf(address);
      const to = this.#blocks.offsetOf(address);
      const intsTo = this.#blocks.intOffsetOf(address, room);
      for (let i = 0; i < count; i++) {
        toDoubles[to + i] = doubles[from + i]!;
        toInts[intsTo + i] = ints[intsFrom + i]!;
      }
      this.#blocks.release(old, oldRoom);
    }
    this.#addresses[item] = address;
    this.#rooms[item] = room;
  }

  #grow(items: number): void {
    this.#addresses = grownInts(this.#addresses, items);
    this.#rooms = grownInts(this.#rooms, items);
    this.#counts = grownInts(this.#counts, items);
  }
}

/** Puts a partner in at `place` of a heap with the least weight on top, or further down where its weight belongs. */
function sink(
  doubles: Float64Array,
  from: number,
  ints: Int32Array,
  intsFrom: number,
  count: number,
  place: number,
  partner: number,
  weight: number,
): void {
  let at = place;
  for (let below = 2 * at + 1; below < count; below = 2 * at + 1) {
    if (below + 1 < count && doubles[from + below + 1]! < doubles[from + below]!) below++;
    if (weight <= doubles[from + below]!) break;
    doubles[from + at] = doubles[from + below]!;
    ints[intsFrom + at] = ints[intsFrom + below]!;
    at = below;
  }
  doubles[from + at] = weight;
  ints[intsFrom + at] = partner;
}
