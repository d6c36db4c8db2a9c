/**
 * Which item is to leave when there are too many: of those known by behaviour only the one that no event has named for the
 * longest time, and where there is none, of those that the catalogue describes. By place.
 */
import type { Archive } from './archive.ts';
import { grownBytes, grownInts } from './growth.ts';
import { RecencyLine } from './recency-line.ts';
import { Stretches } from './stretches.ts';

/** Of an item: its two links. */
const stride = 2;

export class ItemRecency {
  readonly #stretches: Stretches;
  readonly #plain = new RecencyLine(stride, 0);
  readonly #described = new RecencyLine(stride, 0);
  #links = new Int32Array(64 * stride);
  /** Each the stretch of its latest touch: all that most touches read, so it lies close together. */
  #touched = new Int32Array(64);
  /** Each 1 where the item is described. */
  #isDescribed = new Uint8Array(64);
  #count = 0;

  /** `max`: how many items are held. */
  constructor(max: number) {
    this.#stretches = new Stretches(max);
  }

  /** -1: there is none. */
  get nextToLeave(): number {
    return this.#plain.oldest === -1 ? this.#described.oldest : this.#plain.oldest;
  }

  /** All, the next to leave first. */
  *all(): Generator<number> {
    yield* this.#plain.oldestFirst(this.#links);
    yield* this.#described.oldestFirst(this.#links);
  }

  begin(place: number): void {
    this.#count++;
    this.#links = grownInts(this.#links, (place + 1) * stride);
    this.#touched = grownInts(this.#touched, place + 1);
    this.#isDescribed = grownBytes(this.#isDescribed, place + 1);
    this.#touched[place] = this.#stretches.touch();
    this.#isDescribed[place] = 0;
    this.#plain.add(this.#links, place);
  }

  /** An event names the item. */
  touch(place: number): void {
    if (this.#count < this.#stretches.from) return;
    const stretch = this.#stretches.touch();
    if (this.#touched[place] === stretch) return;
    this.#touched[place] = stretch;
    this.#lineOf(place).moveToFront(this.#links, place);
  }

  setDescribed(place: number, isDescribed: boolean): void {
    const described = isDescribed ? 1 : 0;
    if (this.#isDescribed[place] === described) return;
    this.#lineOf(place).remove(this.#links, place);
    this.#isDescribed[place] = described;
    this.#lineOf(place).add(this.#links, place);
  }

  /** The item leaves; another one may begin at its place. */
  end(place: number): void {
    this.#lineOf(place).remove(this.#links, place);
    this.#count--;
  }

  #lineOf(place: number): RecencyLine {
    return this.#isDescribed[place] === 1 ? this.#described : this.#plain;
  }

  /** `size`: how many there are, at the places below it. */
  persist(archive: Archive, size: number): void {
    this.#count = size;
    this.#stretches.persist(archive);
    this.#plain.persist(archive.part('plain'));
    this.#described.persist(archive.part('described'));
    this.#links = archive.ints('links', this.#links, size * stride);
    this.#touched = archive.ints('touched', this.#touched, size);
    this.#isDescribed = archive.bytes('isDescribed', this.#isDescribed, size);
  }
}
