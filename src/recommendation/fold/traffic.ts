/** Plain counts of what was shown and looked for. */
import type { Archive } from './archive.ts';
import { grownFloats } from './growth.ts';
import type { ItemPlaces } from './item-places.ts';

export class Traffic {
  readonly #places: ItemPlaces;
  readonly #pages = new Map<number, number>();
  /** By the item's place. */
  #shown = new Float64Array(256);
  #searches = 0;
  #fruitlessSearches = 0;

  constructor(places: ItemPlaces) {
    this.#places = places;
  }

  /** How often a page of that kind (`palate.event.v1.PageKind`) was viewed. */
  pages(kind: number): number {
    return this.#pages.get(kind) ?? 0;
  }

  /** How often the item stood in a list or among the results of a search. */
  shown(item: number): number {
    return this.#shown[this.#places.of(item)] ?? 0;
  }

  get searches(): number {
    return this.#searches;
  }

  /** Those that found nothing. */
  get fruitlessSearches(): number {
    return this.#fruitlessSearches;
  }

  countPage(kind: number): void {
    this.#pages.set(kind, this.pages(kind) + 1);
  }

  countShown(item: number): void {
    const place = this.#places.of(item);
    this.#shown = grownFloats(this.#shown, place + 1);
    this.#shown[place] = this.#shown[place]! + 1;
  }

  forget(item: number): void {
    const place = this.#places.of(item);
    if (place < this.#shown.length) this.#shown[place] = 0;
  }

  countSearch(fruitless: boolean): void {
    this.#searches++;
    if (fruitless) this.#fruitlessSearches++;
  }

  persist(archive: Archive): void {
    const counts = archive.numbers('searches', [this.#searches, this.#fruitlessSearches]);
    [this.#searches, this.#fruitlessSearches] = counts;
    this.#shown = archive.floats('shown', this.#shown, archive.used(this.#shown));
    archive.records(
      'pages',
      (out) =>
        out.list(this.#pages, this.#pages.size, ([kind, count]) => {
          out.number(kind);
          out.number(count);
        }),
      (from) => from.times(() => this.#pages.set(from.number(), from.number())),
    );
  }
}
