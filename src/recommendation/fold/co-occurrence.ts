/** Which items are visited in the same sessions, with decayed weights. */
import type { Archive } from './archive.ts';
import type { Clock } from './clock.ts';
import { ForwardDecay, reachOfFloats } from './decay.ts';
import type { ItemPlaces } from './item-places.ts';
import { NeighbourLists } from './neighbour-lists.ts';
import type { FoldSettings } from './settings.ts';

/** The items that are paired with one, and their places; of the window's bound in the settings. */
const held = new Int32Array(100);
const places = new Int32Array(100);

export class CoOccurrence {
  readonly #decay: ForwardDecay;
  readonly #clock: Clock;
  readonly #lists: NeighbourLists;
  readonly #places: ItemPlaces;

  constructor(settings: FoldSettings, clock: Clock, itemPlaces: ItemPlaces) {
    this.#places = itemPlaces;
    this.#decay = new ForwardDecay(settings.coOccurrenceHalfLifeMicros, reachOfFloats);
    this.#clock = clock;
    this.#lists = new NeighbourLists(settings.maxNeighbours, itemPlaces);
  }

  /** How many partners the item has, at most: some may have been forgotten. */
  count(item: number): number {
    return this.#lists.count(this.#places.of(item));
  }

  /**
   * Copies the item's partners and their weights as of the tenant's clock, in no order, and answers how many: at most
   * the length of the shorter array. A pair of visits at the tenant's clock weighs 1.
   */
  neighbours(item: number, into: Int32Array, weights: Float64Array): number {
    return this.#lists.copy(
      this.#places.of(item),
      into,
      weights,
      this.#decay.readFactor(this.#clock.lastOccurredAtMicros),
    );
  }

  /**
   * An item was visited at that moment, together with each of the first `count` others, which are different from it and each
   * other, and as many as the window has at most. Forgotten ones are left out.
   */
  pair(item: number, others: Int32Array, count: number, atMicros: number): void {
    const factor = this.#decay.advance(atMicros);
    if (factor !== 1) this.#lists.scale(factor);
    const weight = this.#decay.weightAt(atMicros);
    const place = this.#places.of(item);
    if (place === -1) return;
    if (this.#places.isPlain) this.#pair(item, place, others, others, count, weight);
    else this.#pair(item, place, held, places, this.#locate(others, count), weight);
  }

  #pair(item: number, place: number, others: Int32Array, theirs: Int32Array, count: number, weight: number): void {
    this.#lists.lookAhead(item, place, others, theirs, count);
    for (let i = 0; i < count; i++) {
      this.#lists.add(place, others[i]!, weight);
      this.#lists.add(theirs[i]!, item, weight);
    }
  }

  /** Gathers those of the items that are held, and their places; answers how many. */
  #locate(items: Int32Array, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const place = this.#places.of(items[i]!);
      if (place === -1) continue;
      held[kept] = items[i]!;
      places[kept++] = place;
    }
    return kept;
  }

  /** Takes the item's partners away. It stands in their lists, as a number that leads nowhere. */
  forget(item: number): void {
    this.#lists.forget(this.#places.of(item));
  }

  persist(archive: Archive): void {
    this.#decay.persist(archive);
    this.#lists.persist(archive.part('lists'));
  }
}
