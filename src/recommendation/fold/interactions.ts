/**
 * What each person did with items lately: the newest so many interactions, each its item, its event type and its time.
 *
 * They lie in pages of 128 bytes, a chain for each person from the oldest page to the newest. A page that is empty again is
 * whose next page it may be: a hundred thousand people who grow from one interaction to hundreds leave no memory behind
 * that is too small for others, and none is held before it is needed.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { IntBlocks } from './int-blocks.ts';
import { entries, type TallyLog } from './tally-log.ts';

/** Of a person: the addresses of their oldest and their newest page, how many places of the oldest are given up, how many interactions there are. */
const headStride = 4;
const newestAt = 1;
const startAt = 2;
const countAt = 3;

/** A page has 2^5 ints: the address of the next newer one, then interactions. */
const pageClass = 5;
const firstPlace = 1;
/**
 * Ints of one interaction. An item's number is below 2^27 (the most that may be held are 100 million), an event type below 2^7,
 * a time up to the year 9999 below 2^58: the item and the type's lower five bits; the time's upper bits and the rest of the
 * type; the time's lower 32 bits.
 */
const stride = 3;
const perPage = Math.floor(((1 << pageClass) - firstPlace) / stride);
const lowerTypeBits = 5;
const lowerTypes = (1 << lowerTypeBits) - 1;
const upperTypeBits = 2;
const upperTypes = (1 << upperTypeBits) - 1;
const upper = 4_294_967_296;

export interface Interaction {
  readonly item: number;
  /** The field number of the event's payload in `palate.event.v1.Event`: 42 for `item_viewed`. */
  readonly eventType: number;
  readonly occurredAtMicros: number;
}

export class Interactions {
  readonly #bound: number;
  readonly #pages = new IntBlocks();
  #heads = new Int32Array(64 * headStride);
  /** Where there is one, changes are noted there and nothing else is done. */
  log: TallyLog | undefined;

  constructor(perPerson: number) {
    this.#bound = perPerson;
  }

  count(person: number): number {
    const head = person * headStride;
    return head < this.#heads.length ? this.#heads[head + countAt]! : 0;
  }

  add(person: number, item: number, eventType: number, atMicros: number): void {
    if (this.log !== undefined) {
      this.log.note(entries.interaction, person, item, eventType, atMicros);
      return;
    }
    const head = person * headStride;
    if (head >= this.#heads.length) this.#heads = grownInts(this.#heads, head + headStride);
    const heads = this.#heads;
    const place = (heads[head + startAt]! + heads[head + countAt]!) % perPage;
    if (place === 0) this.#beginPage(head);
    heads[head + countAt] = heads[head + countAt]! + 1;
    const page = heads[head + newestAt]!;
    const ints = this.#pages.chunkOf(page);
    const at = this.#pages.offsetOf(page) + firstPlace + place * stride;
    const high = Math.floor(atMicros / upper);
    ints[at] = (item << lowerTypeBits) | (eventType & lowerTypes);
    ints[at + 1] = (high << upperTypeBits) | (eventType >> lowerTypeBits);
    ints[at + 2] = (atMicros - high * upper) | 0;
    if (heads[head + countAt]! > this.#bound) this.#dropOldest(head);
  }

  #beginPage(head: number): void {
    const heads = this.#heads;
    const page = this.#pages.allocate(pageClass);
    if (heads[head + countAt] === 0) {
      heads[head] = page;
    } else {
      const newest = heads[head + newestAt]!;
      this.#pages.chunkOf(newest)[this.#pages.offsetOf(newest)] = page;
    }
    heads[head + newestAt] = page;
  }

  #dropOldest(head: number): void {
    const heads = this.#heads;
    heads[head + countAt] = heads[head + countAt]! - 1;
    const start = heads[head + startAt]! + 1;
    heads[head + startAt] = start % perPage;
    if (start < perPage && heads[head + countAt]! > 0) return;
    const oldest = heads[head]!;
    heads[head] = this.#newerThan(oldest);
    this.#pages.release(oldest, pageClass);
    if (heads[head + countAt] === 0) heads[head + startAt] = 0;
  }

  /** The next page of the chain. Of the newest it says nothing. */
  #newerThan(page: number): number {
    return this.#pages.chunkOf(page)[this.#pages.offsetOf(page)]!;
  }

  /** Whether one of those held is with the item. */
  includes(person: number, item: number): boolean {
    let left = this.count(person);
    let page = left === 0 ? 0 : this.#heads[person * headStride]!;
    let place = left === 0 ? 0 : this.#heads[person * headStride + startAt]!;
    while (left > 0) {
      const ints = this.#pages.chunkOf(page);
      const offset = this.#pages.offsetOf(page);
      const end = Math.min(perPage, place + left);
      const last = offset + firstPlace + end * stride;
      for (let at = offset + firstPlace + place * stride; at < last; at += stride)
        if (ints[at]! >>> lowerTypeBits === item) return true;
      left -= end - place;
      place = 0;
      page = ints[offset]!;
    }
    return false;
  }

  /** Oldest in the journal first. */
  all(person: number): Interaction[] {
    const found: Interaction[] = [];
    const count = this.count(person);
    if (count === 0) return found;
    let page = this.#heads[person * headStride]!;
    let place = this.#heads[person * headStride + startAt]!;
    for (; found.length < count; place++) {
      if (place === perPage) {
        page = this.#newerThan(page);
        place = 0;
      }
      found.push(interactionAt(this.#pages.chunkOf(page), this.#pages.offsetOf(page) + firstPlace + place * stride));
    }
    return found;
  }

  /** Joins what two people did by its time and keeps the newest; `from` has none afterwards. */
  merge(from: number, to: number): void {
    if (this.log !== undefined) {
      this.log.note(entries.interactionsMerged, from, to);
      return;
    }
    if (this.count(from) === 0) return;
    const joined = [...this.all(to), ...this.all(from)].sort((a, b) => a.occurredAtMicros - b.occurredAtMicros);
    this.clear(from);
    this.clear(to);
    for (const one of joined.slice(-this.#bound)) this.add(to, one.item, one.eventType, one.occurredAtMicros);
  }

  clear(person: number): void {
    if (this.log !== undefined) {
      this.log.note(entries.interactionsForgotten, person);
      return;
    }
    if (this.count(person) === 0) return;
    const head = person * headStride;
    const newest = this.#heads[head + newestAt]!;
    for (let page = this.#heads[head]!; ; ) {
      const next = this.#newerThan(page);
      this.#pages.release(page, pageClass);
      if (page === newest) break;
      page = next;
    }
    this.#heads.fill(0, head, head + headStride);
  }

  persist(archive: Archive): void {
    this.#pages.persist(archive.part('pages'));
    const people = Math.ceil(archive.used(this.#heads) / headStride);
    this.#heads = archive.ints('heads', this.#heads, people * headStride);
  }
}

function interactionAt(ints: Int32Array, at: number): Interaction {
  const [first, second, lower] = [ints[at]!, ints[at + 1]!, ints[at + 2]!];
  return {
    item: first >>> lowerTypeBits,
    eventType: ((second & upperTypes) << lowerTypeBits) | (first & lowerTypes),
    occurredAtMicros: (second >> upperTypeBits) * upper + (lower >>> 0),
  };
}
