/** How popular items are, decayed, in all and by category, with the best of each at hand. */
import type { Archive } from './archive.ts';
import type { Categories, MembershipListener } from './categories.ts';
import type { Clock } from './clock.ts';
import { ForwardDecay } from './decay.ts';
import { grownBytes, grownFloats } from './growth.ts';
import { ItemPlaces } from './item-places.ts';
import { Places, RankingHeap } from './ranking-heap.ts';

/** So many items wait at most: ranking them takes about a millisecond. */
const mostLate = 4_096;

export class Popularity implements MembershipListener {
  readonly #decay: ForwardDecay;
  readonly #clock: Clock;
  readonly #categories: Categories;
  readonly #places: ItemPlaces;
  /** By the item's place, at the landmark. The same in each category of the item. */
  #scores = new Float64Array(256);
  /** Places of items whose score changed since they were ranked: one much looked at is ranked once for many signals. */
  readonly #late = new Int32Array(mostLate);
  #lateCount = 0;
  /** By place: whether it is among `#late`. */
  #isLate = new Uint8Array(256);
  /** Its entries are places. */
  readonly #all: RankingHeap;
  /** By category; its entries are memberships. */
  readonly #heaps: (RankingHeap | undefined)[] = [];
  readonly #memberPlaces = new Places();
  readonly #itemAt = (place: number) => this.#places.at(place);
  readonly #itemOfMembership = (membership: number) => this.#categories.itemOf(membership);

  constructor(halfLifeMicros: number, clock: Clock, categories: Categories, places = new ItemPlaces()) {
    this.#decay = new ForwardDecay(halfLifeMicros);
    this.#clock = clock;
    this.#categories = categories;
    this.#places = places;
    this.#all = new RankingHeap(new Places(), this.#itemAt);
  }

  /**
   * The most popular accepted items of a category (with those below it; '': of all), best first, exact; ties go to the
   * item known first. Items whose score is not above 0 are left out. Looks at no more than `maxVisits` items.
   */
  top(
    category: string,
    limit: number,
    accept: (item: number) => boolean,
    maxVisits = Number.POSITIVE_INFINITY,
  ): number[] {
    this.#rank();
    if (category === '') return walk(this.#all, this.#itemAt, limit, accept, maxVisits);
    const number = this.#categories.numberOf(category);
    const heap = number === undefined ? undefined : this.#heaps[number];
    return heap === undefined ? [] : walk(heap, this.#itemOfMembership, limit, accept, maxVisits);
  }

  /** The score as of the tenant's clock: a view at that moment counts 1. With a category: 0 for an item outside it. */
  scoreOf(item: number, category = ''): number {
    const score = this.heldScore(item);
    if (score === 0 || (category !== '' && !this.#isIn(item, category))) return 0;
    return score * this.#decay.readFactor(this.#clock.lastOccurredAtMicros);
  }

  /** What is held of an item: the sum of its signals as of `landmarkMicros`. */
  heldScore(item: number): number {
    return this.#scores[this.#places.of(item)] ?? 0;
  }

  /** NaN before the first signal. */
  get landmarkMicros(): number {
    return this.#decay.landmarkMicros;
  }

  /**
   * A signal of that weight at that moment. A negative weight takes back what the same call with a positive one gave. An
   * item that was forgotten gets none.
   */
  add(item: number, weight: number, atMicros: number): void {
    const place = this.#places.of(item);
    if (place === -1) return;
    this.#count(place, weight, atMicros);
    if (this.#isLate[place] === 1) return;
    this.#isLate[place] = 1;
    this.#late[this.#lateCount++] = place;
    if (this.#lateCount === this.#late.length) this.#rank();
  }

  /** As `add`, without a place among the best: for who is not read. */
  count(item: number, weight: number, atMicros: number): void {
    const place = this.#places.of(item);
    if (place !== -1) this.#count(place, weight, atMicros);
  }

  #count(place: number, weight: number, atMicros: number): void {
    const factor = this.#decay.advance(atMicros);
    if (factor !== 1) this.#scale(factor);
    if (place >= this.#scores.length) {
      this.#scores = grownFloats(this.#scores, place + 1);
      this.#isLate = grownBytes(this.#isLate, this.#scores.length);
    }
    this.#scores[place] = this.#scores[place]! + weight * this.#decay.weightAt(atMicros);
  }

  /** Takes an item out, after its last category. Its place may go on waiting to be ranked, for the next item there. */
  forget(item: number): void {
    const place = this.#places.of(item);
    if (place >= this.#scores.length) return;
    this.#scores[place] = 0;
    this.#all.remove(place);
  }

  /** Gives the items that changed their places in the heaps. */
  #rank(): void {
    for (let i = 0; i < this.#lateCount; i++) {
      const place = this.#late[i]!;
      const score = this.#scores[place]!;
      this.#isLate[place] = 0;
      this.#all.set(place, score);
      for (const membership of this.#categories.of(this.#places.at(place))) {
        this.#heaps[this.#categories.categoryOf(membership)]!.set(membership, score);
      }
    }
    this.#lateCount = 0;
  }

  joined(item: number, category: number, membership: number): void {
    while (this.#heaps.length <= category) this.#heaps.push(undefined);
    const heap = this.#heaps[category] ?? new RankingHeap(this.#memberPlaces, this.#itemOfMembership);
    this.#heaps[category] = heap;
    heap.set(membership, this.heldScore(item));
  }

  left(category: number, membership: number): void {
    const heap = this.#heaps[category];
    heap?.remove(membership);
    if (heap?.size === 0) this.#heaps[category] = undefined;
  }

  #isIn(item: number, category: string): boolean {
    const number = this.#categories.numberOf(category);
    return this.#categories.of(item).some((membership) => this.#categories.categoryOf(membership) === number);
  }

  #scale(factor: number): void {
    this.#rank();
    for (let place = 0; place < this.#scores.length; place++) this.#scores[place] = this.#scores[place]! * factor;
    this.#all.scale(factor);
    for (const heap of this.#heaps) heap?.scale(factor);
  }

  /** The heaps are made anew from the scores: how they lie depends on when they were read. Categories come first. */
  persist(archive: Archive): void {
    this.#decay.persist(archive);
    this.#scores = archive.floats('scores', this.#scores, archive.used(this.#scores));
    if (!archive.isReading) return;
    this.#isLate = new Uint8Array(this.#scores.length);
    for (let place = 0; place < this.#scores.length; place++) {
      if (this.#scores[place] !== 0) this.#all.set(place, this.#scores[place]!);
    }
    this.#categories.eachMembership((item, category, membership) => this.joined(item, category, membership));
  }
}

/** Best first: what comes next is always below something already visited, so a second small heap of places will do. */
function walk(
  heap: RankingHeap,
  itemOf: (entry: number) => number,
  limit: number,
  accept: (item: number) => boolean,
  maxVisits: number,
): number[] {
  const found: number[] = [];
  const frontier: number[] = heap.size > 0 ? [0] : [];
  for (let visits = 0; frontier.length > 0 && found.length < limit && visits < maxVisits; visits++) {
    const place = takeFirst(heap, frontier);
    if (heap.keyAt(place) <= 0) break;
    const item = itemOf(heap.entryAt(place));
    if (accept(item)) found.push(item);
    for (let below = 2 * place + 1; below <= 2 * place + 2; below++) {
      if (below < heap.size) add(heap, frontier, below);
    }
  }
  return found;
}

function add(heap: RankingHeap, frontier: number[], place: number): void {
  let at = frontier.push(place) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!heap.comesFirst(place, frontier[above]!)) break;
    frontier[at] = frontier[above]!;
    at = above;
  }
  frontier[at] = place;
}

function takeFirst(heap: RankingHeap, frontier: number[]): number {
  const first = frontier[0]!;
  const last = frontier.pop()!;
  if (frontier.length === 0) return first;
  let at = 0;
  for (let below = 1; below < frontier.length; below = 2 * at + 1) {
    if (below + 1 < frontier.length && heap.comesFirst(frontier[below + 1]!, frontier[below]!)) below++;
    if (heap.comesFirst(last, frontier[below]!)) break;
    frontier[at] = frontier[below]!;
    at = below;
  }
  frontier[at] = last;
  return first;
}
