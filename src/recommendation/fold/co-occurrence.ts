/**
 * Which items are visited in the same sessions, with decayed weights: for each item a bounded list of partners.
 *
 * A full list makes room as Space-Saving does (Metwally, Agrawal, El Abbadi, ICDT 2005): the new partner takes the place
 * of the weakest and its weight on top, so that no partner is ever counted for less than it is worth.
 */
import type { Clock } from './clock.ts';
import { ForwardDecay } from './decay.ts';
import { grownInts } from './growth.ts';
import type { FoldSettings } from './settings.ts';

const smallestRoom = 4;

export class CoOccurrence {
  readonly #decay: ForwardDecay;
  readonly #clock: Clock;
  readonly #maxNeighbours: number;
  /** By item: partners and their weights at the landmark; only the first `#counts[item]` places are in use. */
  readonly #partners: (Int32Array | undefined)[] = [];
  readonly #weights: (Float64Array | undefined)[] = [];
  #counts = new Int32Array(256);

  constructor(settings: FoldSettings, clock: Clock) {
    this.#decay = new ForwardDecay(settings.coOccurrenceHalfLifeMicros);
    this.#clock = clock;
    this.#maxNeighbours = settings.maxNeighbours;
  }

  /** How many partners the item has. */
  count(item: number): number {
    return this.#counts[item] ?? 0;
  }

  /**
   * Copies the item's partners and their weights as of the tenant's clock, in no order, and answers how many: at most
   * the length of the shorter array. A pair of visits at the tenant's clock weighs 1.
   */
  neighbours(item: number, into: Int32Array, weights: Float64Array): number {
    const partners = this.#partners[item];
    const own = this.#weights[item];
    if (partners === undefined || own === undefined) return 0;
    const factor = this.#decay.readFactor(this.#clock.lastOccurredAtMicros);
    const count = Math.min(this.#counts[item]!, into.length, weights.length);
    for (let i = 0; i < count; i++) {
      into[i] = partners[i]!;
      weights[i] = own[i]! * factor;
    }
    return count;
  }

  /** To call with the time of a visit before its pairs are added; answers what `add` takes. */
  weightAt(atMicros: number): number {
    const factor = this.#decay.advance(atMicros);
    if (factor !== 1) this.#scale(factor);
    return this.#decay.weightAt(atMicros);
  }

  /** Two different items were visited together. */
  add(a: number, b: number, weight: number): void {
    this.#addPartner(a, b, weight);
    this.#addPartner(b, a, weight);
  }

  #addPartner(item: number, partner: number, weight: number): void {
    const partners = this.#partners[item] ?? this.#begin(item);
    const weights = this.#weights[item]!;
    const count = this.#counts[item]!;
    for (let i = 0; i < count; i++) {
      if (partners[i] === partner) {
        weights[i] = weights[i]! + weight;
        return;
      }
    }
    if (count < this.#maxNeighbours) this.#append(item, count, partner, weight);
    else replaceWeakest(partners, weights, count, partner, weight);
  }

  #begin(item: number): Int32Array {
    const room = Math.min(smallestRoom, this.#maxNeighbours);
    const partners = new Int32Array(room);
    while (this.#partners.length <= item) {
      this.#partners.push(undefined);
      this.#weights.push(undefined);
    }
    this.#partners[item] = partners;
    this.#weights[item] = new Float64Array(room);
    this.#counts = grownInts(this.#counts, item + 1);
    return partners;
  }

  #append(item: number, count: number, partner: number, weight: number): void {
    if (count === this.#partners[item]!.length) this.#doubleRoom(item, count);
    this.#partners[item]![count] = partner;
    this.#weights[item]![count] = weight;
    this.#counts[item] = count + 1;
  }

  #doubleRoom(item: number, count: number): void {
    const room = Math.min(count * 2, this.#maxNeighbours);
    const partners = new Int32Array(room);
    const weights = new Float64Array(room);
    partners.set(this.#partners[item]!);
    weights.set(this.#weights[item]!);
    this.#partners[item] = partners;
    this.#weights[item] = weights;
  }

  #scale(factor: number): void {
    for (const weights of this.#weights) {
      if (weights !== undefined) for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! * factor;
    }
  }
}

/** Ties go to the place that was filled first. */
function replaceWeakest(
  partners: Int32Array,
  weights: Float64Array,
  count: number,
  partner: number,
  weight: number,
): void {
  let weakest = 0;
  for (let i = 1; i < count; i++) if (weights[i]! < weights[weakest]!) weakest = i;
  partners[weakest] = partner;
  weights[weakest] = weights[weakest]! + weight;
}
