/** Which items there are, what they are like, and whether they may be recommended. */
import type { Archive } from './archive.ts';
import { grownBytes, grownFloats } from './growth.ts';
import { Interner } from './interner.ts';
import { type ItemDescription, withAncestors } from './item-description.ts';
import { readDescription, writeDescription } from './persisted-values.ts';
import { RecencyList } from './recency-list.ts';

/** Stock states by their numbers in `palate.event.v1.StockState`; 0: not said. */
export const stockStates = { unknown: 0, inStock: 1, outOfStock: 2, preorder: 3 } as const;

const none: readonly string[] = [];

export class Catalogue {
  readonly #items = new Interner();
  readonly #descriptions: (ItemDescription | undefined)[] = [];
  readonly #categories: (readonly string[] | undefined)[] = [];
  readonly #recency = new RecencyList();
  #removed = new Uint8Array(256);
  #stock = new Uint8Array(256);
  /** NaN: not known. */
  #quantities = new Float64Array(256).fill(Number.NaN);
  #from = new Float64Array(256).fill(Number.NEGATIVE_INFINITY);
  #to = new Float64Array(256).fill(Number.POSITIVE_INFINITY);

  /** How many items are known, by description or by behaviour, those removed included. Numbers are below it. */
  get size(): number {
    return this.#items.size;
  }

  numberOf(itemId: string): number | undefined {
    return this.#items.numberOf(itemId);
  }

  idOf(item: number): string {
    return this.#items.textOf(item);
  }

  /** The item's number, a new one where no event named it before. */
  intern(itemId: string): number {
    return this.#known(this.#items.intern(itemId));
  }

  /** As `intern`, of an id as it stands in an event's bytes. */
  internBytes(bytes: Uint8Array, from: number, to: number): number {
    return this.#known(this.#items.internBytes(bytes, from, to));
  }

  #known(item: number): number {
    if (item >= this.#removed.length) this.#grow(item + 1);
    if (item === this.#recency.size) this.#recency.append();
    return item;
  }

  /** Undefined: known by behaviour only, or removed. */
  describedBy(item: number): ItemDescription | undefined {
    return this.#descriptions[item];
  }

  /** Those named and those above them. */
  categoriesOf(item: number): readonly string[] {
    return this.#categories[item] ?? none;
  }

  isRemoved(item: number): boolean {
    return this.#removed[item] === 1;
  }

  /** One of {@link stockStates}. */
  stockOf(item: number): number {
    return this.#stock[item] ?? stockStates.unknown;
  }

  /** How many there are; NaN: not known. */
  quantityOf(item: number): number {
    return this.#quantities[item] ?? Number.NaN;
  }

  /** Not removed, not out of stock, and within its window. Items known by behaviour only are eligible. */
  isEligible(item: number, atMicros: number): boolean {
    return (
      this.#removed[item] === 0 &&
      this.#stock[item] !== stockStates.outOfStock &&
      atMicros >= this.#from[item]! &&
      atMicros < this.#to[item]!
    );
  }

  /**
   * At most `limit` accepted items: those upserted first, the newest upsert first, then those known by behaviour only
   * in the order they appeared. Looks at no more than `maxVisits` items.
   */
  newest(limit: number, accept: (item: number) => boolean, maxVisits = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    let visits = 0;
    for (let item = this.#recency.first; item !== -1 && found.length < limit; item = this.#recency.after(item)) {
      if (++visits > maxVisits) break;
      if (accept(item)) found.push(item);
    }
    return found;
  }

  /** Describes an item anew; it is no longer removed. `fresh`: it counts as the newest. */
  describe(item: number, description: ItemDescription, fresh: boolean): void {
    this.#removed[item] = 0;
    this.#hold(item, description);
    if (fresh) this.#recency.moveToFront(item);
  }

  /** Forgets the description. Stock is kept: it changes only by its own events. */
  remove(item: number): void {
    this.#descriptions[item] = undefined;
    this.#categories[item] = undefined;
    this.#removed[item] = 1;
    this.#from[item] = Number.NEGATIVE_INFINITY;
    this.#to[item] = Number.POSITIVE_INFINITY;
  }

  setStock(item: number, state: number, quantity: number): void {
    this.#stock[item] = state;
    this.#quantities[item] = quantity;
  }

  #hold(item: number, description: ItemDescription): void {
    const isSame = this.#descriptions[item]?.categories === description.categories;
    if (!isSame) this.#categories[item] = withAncestors(description.categories);
    this.#descriptions[item] = description;
    this.#from[item] = description.availableFromMicros ?? Number.NEGATIVE_INFINITY;
    this.#to[item] = description.availableToMicros ?? Number.POSITIVE_INFINITY;
  }

  #grow(items: number): void {
    this.#removed = grownBytes(this.#removed, items);
    this.#stock = grownBytes(this.#stock, items);
    this.#quantities = grownFloats(this.#quantities, items, Number.NaN);
    this.#from = grownFloats(this.#from, items, Number.NEGATIVE_INFINITY);
    this.#to = grownFloats(this.#to, items, Number.POSITIVE_INFINITY);
  }

  /** What follows from the descriptions is not written. */
  persist(archive: Archive): void {
    this.#items.persist(archive.part('ids'));
    this.#recency.persist(archive.part('recency'));
    this.#removed = archive.bytes('removed', this.#removed, this.size);
    this.#stock = archive.bytes('stock', this.#stock, this.size);
    this.#quantities = archive.floats('quantities', this.#quantities, this.size);
    if (archive.isReading) this.#grow(this.size);
    archive.records(
      'descriptions',
      (out) => {
        for (let item = 0; item < this.size; item++) {
          out.optional(this.#descriptions[item], (description) => writeDescription(out, description));
        }
      },
      (from) => {
        for (let item = 0; item < this.size; item++) {
          const description = from.optional(() => readDescription(from));
          if (description !== undefined) this.#hold(item, description);
        }
      },
    );
  }
}
