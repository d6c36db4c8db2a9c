/** Which items there are, what they are like, and whether they may be recommended. */
import type { Archive } from './archive.ts';
import { grownBytes, grownFloats } from './growth.ts';
import { Interner } from './interner.ts';
import { type ItemDescription, withAncestors } from './item-description.ts';
import type { ItemPlaces } from './item-places.ts';
import { ItemRecency } from './item-recency.ts';
import { readDescription, writeDescription } from './persisted-values.ts';
import { RecencyList } from './recency-list.ts';
import { Utf8 } from './utf8.ts';

/** Stock states by their numbers in `palate.event.v1.StockState`; 0: not said. */
export const stockStates = { unknown: 0, inStock: 1, outOfStock: 2, preorder: 3 } as const;

const none: readonly string[] = [];
const nowhere = -1;

/** What is held of an item lies at its place, see `ItemPlaces`. */
export class Catalogue {
  readonly #max: number;
  readonly #makeRoom: (item: number) => void;
  readonly #began: (place: number) => void;
  readonly #places: ItemPlaces;
  /** Ids, numbered by place. */
  readonly #ids = new Interner();
  readonly #touched: ItemRecency;
  readonly #utf8 = new Utf8();
  #evicted = 0;
  readonly #descriptions: (ItemDescription | undefined)[] = [];
  readonly #categories: (readonly string[] | undefined)[] = [];
  readonly #recency = new RecencyList();
  #removed = new Uint8Array(256);
  #stock = new Uint8Array(256);
  /** NaN: not known. */
  #quantities = new Float64Array(256).fill(Number.NaN);
  #from = new Float64Array(256).fill(Number.NEGATIVE_INFINITY);
  #to = new Float64Array(256).fill(Number.POSITIVE_INFINITY);

  /**
   * `max`: how many items are held. `makeRoom`: forgets one, by way of `forget`, so that another one can begin. `began`: told
   * of each new one's place.
   */
  constructor(
    max: number,
    places: ItemPlaces,
    makeRoom: (item: number) => void,
    began: (place: number) => void = () => undefined,
  ) {
    this.#max = max;
    this.#places = places;
    this.#touched = new ItemRecency(max);
    this.#makeRoom = makeRoom;
    this.#began = began;
  }

  /** How many items are known, by description or by behaviour, those removed included. */
  get size(): number {
    return this.#places.size;
  }

  /** How many had to leave because others were named since. */
  get evicted(): number {
    return this.#evicted;
  }

  /** All items by their numbers. */
  *items(): Generator<number> {
    for (let place = 0; place < this.size; place++) yield this.#places.at(place);
  }

  /** All items, the next to leave first. */
  *nextToLeave(): Generator<number> {
    for (const place of this.#touched.all()) yield this.#places.at(place);
  }

  numberOf(itemId: string): number | undefined {
    const place = this.#ids.numberOf(itemId);
    return place === undefined ? undefined : this.#places.at(place);
  }

  /** False: the item was forgotten. */
  isHeld(item: number): boolean {
    const place = this.#places.of(item);
    return place >= 0 && place < this.size;
  }

  /** '': the item was forgotten. */
  idOf(item: number): string {
    const place = this.#places.of(item);
    return place === nowhere ? '' : this.#ids.textOf(place);
  }

  /** The item's number, a new one where no event named it before. */
  intern(itemId: string): number {
    const length = this.#utf8.encode(itemId);
    return this.internBytes(this.#utf8.bytes, 0, length);
  }

  /** Reads what ids of these hashes will need to become numbers. The hashes are written over. */
  lookAhead(hashes: Int32Array, count: number): void {
    this.#ids.lookAhead(hashes, count);
  }

  /** As `intern`, of an id as it stands in an event's bytes. */
  internBytes(bytes: Uint8Array, from: number, to: number): number {
    const place = this.#ids.find(bytes, from, to);
    if (place === nowhere) return this.#begin(bytes, from, to);
    this.#touched.touch(place);
    return this.#places.at(place);
  }

  #begin(bytes: Uint8Array, from: number, to: number): number {
    if (this.size >= this.#max) {
      this.#makeRoom(this.#places.at(this.#touched.nextToLeave));
      this.#evicted++;
    }
    const place = this.#ids.internBytes(bytes, from, to);
    if (place >= this.#removed.length) this.#grow(place + 1);
    this.#recency.append(place);
    this.#touched.begin(place);
    this.#began(place);
    return this.#places.begin(place);
  }

  /** Forgets an item, and that it ever was. To be called when nothing else is held of it. */
  forget(item: number): void {
    const place = this.#places.of(item);
    this.remove(item);
    this.#removed[place] = 0;
    this.#stock[place] = stockStates.unknown;
    this.#quantities[place] = Number.NaN;
    this.#recency.remove(place);
    this.#touched.end(place);
    this.#ids.wipe(place);
    this.#places.forget(item);
  }

  /** Undefined: known by behaviour only, or removed. */
  describedBy(item: number): ItemDescription | undefined {
    return this.#descriptions[this.#places.of(item)];
  }

  /** Those named and those above them. */
  categoriesOf(item: number): readonly string[] {
    return this.#categories[this.#places.of(item)] ?? none;
  }

  isRemoved(item: number): boolean {
    return this.#removed[this.#places.of(item)] === 1;
  }

  /** One of {@link stockStates}. */
  stockOf(item: number): number {
    return this.#stock[this.#places.of(item)] ?? stockStates.unknown;
  }

  /** How many there are; NaN: not known. */
  quantityOf(item: number): number {
    return this.#quantities[this.#places.of(item)] ?? Number.NaN;
  }

  /** Known, not removed, not out of stock, and within its window. Items known by behaviour only are eligible. */
  isEligible(item: number, atMicros: number): boolean {
    return this.#isEligibleAt(this.#places.of(item), atMicros);
  }

  /** How many are eligible. Looks at each, without an object for any. */
  countEligible(atMicros: number): number {
    let count = 0;
    for (let place = 0; place < this.size; place++) if (this.#isEligibleAt(place, atMicros)) count++;
    return count;
  }

  #isEligibleAt(place: number, atMicros: number): boolean {
    return (
      this.#removed[place] === 0 &&
      this.#stock[place] !== stockStates.outOfStock &&
      atMicros >= this.#from[place]! &&
      atMicros < this.#to[place]!
    );
  }

  /**
   * At most `limit` accepted items: those upserted first, the newest upsert first, then those known by behaviour only
   * in the order they appeared. Looks at no more than `maxVisits` items.
   */
  newest(limit: number, accept: (item: number) => boolean, maxVisits = Number.POSITIVE_INFINITY): number[] {
    const found: number[] = [];
    let visits = 0;
    let place = this.#recency.first;
    for (; place !== nowhere && found.length < limit; place = this.#recency.after(place)) {
      if (++visits > maxVisits) break;
      const item = this.#places.at(place);
      if (accept(item)) found.push(item);
    }
    return found;
  }

  /** Describes an item anew; it is no longer removed. `fresh`: it counts as the newest. */
  describe(item: number, description: ItemDescription, fresh: boolean): void {
    const place = this.#places.of(item);
    this.#removed[place] = 0;
    this.#hold(place, description);
    this.#touched.setDescribed(place, true);
    if (fresh) this.#recency.moveToFront(place);
  }

  /** Forgets the description. Stock is kept: it changes only by its own events. */
  remove(item: number): void {
    const place = this.#places.of(item);
    this.#descriptions[place] = undefined;
    this.#categories[place] = undefined;
    this.#removed[place] = 1;
    this.#from[place] = Number.NEGATIVE_INFINITY;
    this.#to[place] = Number.POSITIVE_INFINITY;
    this.#touched.setDescribed(place, false);
  }

  setStock(item: number, state: number, quantity: number): void {
    const place = this.#places.of(item);
    this.#stock[place] = state;
    this.#quantities[place] = quantity;
  }

  #hold(place: number, description: ItemDescription): void {
    const isSame = this.#descriptions[place]?.categories === description.categories;
    if (!isSame) this.#categories[place] = withAncestors(description.categories);
    this.#descriptions[place] = description;
    this.#from[place] = description.availableFromMicros ?? Number.NEGATIVE_INFINITY;
    this.#to[place] = description.availableToMicros ?? Number.POSITIVE_INFINITY;
  }

  #grow(size: number): void {
    this.#removed = grownBytes(this.#removed, size);
    this.#stock = grownBytes(this.#stock, size);
    this.#quantities = grownFloats(this.#quantities, size, Number.NaN);
    this.#from = grownFloats(this.#from, size, Number.NEGATIVE_INFINITY);
    this.#to = grownFloats(this.#to, size, Number.POSITIVE_INFINITY);
  }

  /** What follows from the descriptions is not written. The places come first. */
  persist(archive: Archive): void {
    this.#ids.persist(archive.part('ids'));
    this.#recency.persist(archive.part('recency'));
    this.#touched.persist(archive.part('touched'), this.size);
    [this.#evicted] = archive.numbers('evicted', [this.#evicted]);
    this.#removed = archive.bytes('removed', this.#removed, this.size);
    this.#stock = archive.bytes('stock', this.#stock, this.size);
    this.#quantities = archive.floats('quantities', this.#quantities, this.size);
    if (archive.isReading) this.#grow(this.size);
    archive.records(
      'descriptions',
      (out) => {
        for (let place = 0; place < this.size; place++) {
          out.optional(this.#descriptions[place], (description) => writeDescription(out, description));
        }
      },
      (from) => {
        for (let place = 0; place < this.size; place++) {
          const description = from.optional(() => readDescription(from));
          if (description !== undefined) this.#hold(place, description);
        }
      },
    );
  }
}
