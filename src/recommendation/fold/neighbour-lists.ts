/**
 * For each item, by its place, a bounded list of partners, by their numbers, with weights: a small hash table of buckets with
 * eight places.
 *
 * A full bucket makes room as Space-Saving does (Metwally, Agrawal, El Abbadi, ICDT 2005): a new partner takes the place
 * of the weakest and its weight on top. So no partner is ever counted for less than it is worth, nor for more than an
 * eighth of its bucket's total above that. A partner that was forgotten makes room before all others, and its weight goes
 * with it. An addition looks at one bucket, whatever the length of the list.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { ItemPlaces } from './item-places.ts';
import { lookedAt } from './looked-at.ts';
import { MixedBlocks } from './mixed-blocks.ts';

/** Places in a bucket. */
const width = 8;
/** A bucket is one cache line: its partners, each plus 1 and 0 for none, then their weights as floats. */
const bucketLength = 2 * width;
/** Of an item: its block, how many buckets that has, and how many partners; one number is spare. */
const stride = 4;
/** Knuth's multiplier, 2^32 over the golden ratio. */
const multiplier = 0x9e3779b1;

/** A list while it is moved; it has at most 1,000 partners before. */
const movedPartners = new Int32Array(1_000);
const movedWeights = new Float64Array(1_000);

export class NeighbourLists {
  /** Places used in each bucket. */
  readonly #width: number;
  readonly #maxBuckets: number;
  readonly #blocks = new MixedBlocks();
  readonly #places: ItemPlaces;
  /** By place: address, buckets, count. Together, because an addition reads them together. */
  #heads = new Int32Array(256 * stride);

  /** `max`: the most partners of an item, rounded down to whole buckets. */
  constructor(max: number, places = new ItemPlaces()) {
    this.#places = places;
    this.#width = Math.min(width, max);
    this.#maxBuckets = Math.max(1, Math.floor(max / width));
  }

  count(item: number): number {
    return this.#heads[item * stride + 2] ?? 0;
  }

  /** Copies partners and their weights times `factor`; answers how many, at most the length of the shorter array. */
  copy(item: number, into: Int32Array, weights: Float64Array, factor: number): number {
    if (this.count(item) === 0) return 0;
    const room = Math.min(into.length, weights.length);
    const address = this.#heads[item * stride]!;
    const ints = this.#blocks.intsOf(address);
    const floats = this.#blocks.floatsOf(address);
    let from = this.#blocks.offsetOf(address);
    const { isPlain } = this.#places;
    let copied = 0;
    for (const end = from + this.#heads[item * stride + 1]! * bucketLength; from < end; from += bucketLength) {
      for (let at = from; at < from + this.#width && ints[at] !== 0; at++) {
        if (copied === room) return copied;
        if (!isPlain && this.#isForgotten(ints[at]!)) continue;
        into[copied] = ints[at]! - 1;
        weights[copied++] = floats[at + width]! * factor;
      }
    }
    return copied;
  }

  /**
   * Reads what additions of these partners to the item, and of the item to them, will need. Changes nothing: the waits for
   * memory, which nothing else here compares to, go on at the same time instead of one after the other.
   */
  lookAhead(item: number, place: number, partners: Int32Array, theirPlaces: Int32Array, count: number): void {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#heads[theirPlaces[i]! * stride] ?? 0;
    for (let i = 0; i < count; i++) {
      sum += this.#bucketHead(place, partners[i]!) + this.#bucketHead(theirPlaces[i]!, item);
    }
    lookedAt[0] = sum;
  }

  /** Adds to a partner's weight; `weight` is above 0. Sums are rounded to floats: one part in 16 million. */
  add(item: number, partner: number, weight: number): void {
    const head = item * stride;
    if (head >= this.#heads.length || this.#heads[head + 1] === 0) this.#begin(head);
    const address = this.#heads[head]!;
    const buckets = this.#heads[head + 1]!;
    const ints = this.#blocks.intsOf(address);
    const floats = this.#blocks.floatsOf(address);
    const from = this.#blocks.offsetOf(address) + bucketOf(partner, buckets) * bucketLength;
    const mark = partner + 1;
    const end = from + this.#width;
    for (let at = from; at < end; at++) {
      const found = ints[at]!;
      if (found === mark) {
        floats[at + width] = floats[at + width]! + weight;
        return;
      }
      if (found === 0) {
        ints[at] = mark;
        floats[at + width] = weight;
        this.#heads[head + 2] = this.#heads[head + 2]! + 1;
        return;
      }
    }
    if (buckets < this.#maxBuckets) this.#enlarge(item, partner, weight);
    else this.#replace(ints, floats, from, end, mark, weight);
  }

  /** Takes an item's partners away. */
  forget(item: number): void {
    const head = item * stride;
    if (head >= this.#heads.length || this.#heads[head + 1] === 0) return;
    this.#blocks.release(this.#heads[head]!, this.#heads[head + 1]! * bucketLength);
    this.#heads.fill(0, head, head + stride);
  }

  #isForgotten(mark: number): boolean {
    return this.#places.of(mark - 1) === -1;
  }

  /** A partner that was forgotten makes room before the weakest does. */
  #replace(ints: Int32Array, floats: Float32Array, from: number, end: number, mark: number, weight: number): void {
    let at = this.#places.isPlain ? end : from;
    while (at < end && !this.#isForgotten(ints[at]!)) at++;
    if (at === end) {
      replaceWeakest(ints, floats, from, end, mark, weight);
      return;
    }
    ints[at] = mark;
    floats[at + width] = weight;
  }

  /** Multiplies all weights; the smallest may become equal. */
  scale(factor: number): void {
    for (let head = 0; head < this.#heads.length; head += stride) {
      const buckets = this.#heads[head + 1]!;
      if (buckets === 0) continue;
      const address = this.#heads[head]!;
      const floats = this.#blocks.floatsOf(address);
      const from = this.#blocks.offsetOf(address);
      for (let bucket = from; bucket < from + buckets * bucketLength; bucket += bucketLength) {
        for (let at = bucket + width; at < bucket + bucketLength; at++) floats[at] = floats[at]! * factor;
      }
    }
  }

  /** The first mark of the bucket that a partner belongs to. */
  #bucketHead(item: number, partner: number): number {
    const head = item * stride;
    if (head >= this.#heads.length) return 0;
    const buckets = this.#heads[head + 1]!;
    if (buckets === 0) return 0;
    const address = this.#heads[head]!;
    const ints = this.#blocks.intsOf(address);
    const at = this.#blocks.offsetOf(address) + bucketOf(partner, buckets) * bucketLength;
    return ints[at]!;
  }

  #begin(head: number): void {
    this.#heads = grownInts(this.#heads, head + stride);
    this.#heads[head] = this.#blocks.allocate(bucketLength);
    this.#heads[head + 1] = 1;
  }

  /**
   * Moves the list to twice the buckets, as far as the bound allows, and adds a partner that found no place. A bucket's
   * partners go to the two that take its place, so that on the way no list grows again.
   */
  #enlarge(item: number, partner: number, weight: number): void {
    const head = item * stride;
    const buckets = this.#heads[head + 1]!;
    const count = this.copy(item, movedPartners, movedWeights, 1);
    this.#blocks.release(this.#heads[head]!, buckets * bucketLength);
    const more = Math.min(buckets * 2, this.#maxBuckets);
    this.#heads[head] = this.#blocks.allocate(more * bucketLength);
    this.#heads[head + 1] = more;
    this.#heads[head + 2] = 0;
    for (let i = 0; i < count; i++) this.add(item, movedPartners[i]!, movedWeights[i]!);
    this.add(item, partner, weight);
  }

  persist(archive: Archive): void {
    this.#blocks.persist(archive.part('blocks'));
    const items = Math.ceil(archive.used(this.#heads) / stride);
    this.#heads = archive.ints('heads', this.#heads, items * stride);
  }
}

/** By the upper bits of a product, which mix all of the number's. */
function bucketOf(partner: number, buckets: number): number {
  return ((Math.imul(partner, multiplier) >>> 16) * buckets) >>> 16;
}

/** Ties go to the first place. */
function replaceWeakest(
  ints: Int32Array,
  floats: Float32Array,
  from: number,
  end: number,
  mark: number,
  weight: number,
): void {
  let weakest = from;
  for (let at = from + 1; at < end; at++) if (floats[at + width]! < floats[weakest + width]!) weakest = at;
  ints[weakest] = mark;
  floats[weakest + width] = floats[weakest + width]! + weight;
}
