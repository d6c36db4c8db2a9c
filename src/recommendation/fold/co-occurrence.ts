/** Which items are visited in the same sessions, with decayed weights. */
import type { Archive } from './archive.ts';
import type { Clock } from './clock.ts';
import { ForwardDecay, reachOfFloats } from './decay.ts';
import { NeighbourLists } from './neighbour-lists.ts';
import type { FoldSettings } from './settings.ts';

export class CoOccurrence {
  readonly #decay: ForwardDecay;
  readonly #clock: Clock;
  readonly #lists: NeighbourLists;

  constructor(settings: FoldSettings, clock: Clock) {
    this.#decay = new ForwardDecay(settings.coOccurrenceHalfLifeMicros, reachOfFloats);
    this.#clock = clock;
    this.#lists = new NeighbourLists(settings.maxNeighbours);
  }

  /** How many partners the item has. */
  count(item: number): number {
    return this.#lists.count(item);
  }

  /**
   * Copies the item's partners and their weights as of the tenant's clock, in no order, and answers how many: at most
   * the length of the shorter array. A pair of visits at the tenant's clock weighs 1.
   */
  neighbours(item: number, into: Int32Array, weights: Float64Array): number {
    return this.#lists.copy(item, into, weights, this.#decay.readFactor(this.#clock.lastOccurredAtMicros));
  }

  /** To call with the time of a visit before its pairs are added; answers what `add` takes. */
  weightAt(atMicros: number): number {
    const factor = this.#decay.advance(atMicros);
    if (factor !== 1) this.#lists.scale(factor);
    return this.#decay.weightAt(atMicros);
  }

  /** An item was visited together with each of the first `count` others, which are different from it and each other. */
  addAll(item: number, others: Int32Array, count: number, weight: number): void {
    this.#lists.lookAhead(item, others, count);
    for (let i = 0; i < count; i++) {
      this.#lists.add(item, others[i]!, weight);
      this.#lists.add(others[i]!, item, weight);
    }
  }

  persist(archive: Archive): void {
    this.#decay.persist(archive);
    this.#lists.persist(archive.part('lists'));
  }
}
