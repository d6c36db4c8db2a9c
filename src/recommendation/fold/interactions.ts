/** What each person did with items lately: a bounded window of (item, event type, time) for each. */
import type { Archive } from './archive.ts';
import { IntWindows } from './int-windows.ts';
import { entries, type TallyLog } from './tally-log.ts';

/** Ints of one interaction: the item, the event type, and the time's upper and lower 32 bits. */
const stride = 4;
const upper = 4_294_967_296;

export interface Interaction {
  readonly item: number;
  /** The field number of the event's payload in `palate.event.v1.Event`: 42 for `item_viewed`. */
  readonly eventType: number;
  readonly occurredAtMicros: number;
}

export class Interactions {
  readonly #bound: number;
  readonly #windows: IntWindows;
  /** Where there is one, changes are noted there and nothing else is done. */
  log: TallyLog | undefined;

  constructor(perPerson: number) {
    this.#bound = perPerson;
    this.#windows = new IntWindows((perPerson + 1) * stride, 4);
  }

  count(person: number): number {
    return this.#windows.length(person) / stride;
  }

  add(person: number, item: number, eventType: number, atMicros: number): void {
    if (this.log !== undefined) {
      this.log.note(entries.interaction, person, item, eventType, atMicros);
      return;
    }
    const at = this.#windows.extend(person, stride);
    const array = this.#windows.array(person);
    const high = Math.floor(atMicros / upper);
    array[at] = item;
    array[at + 1] = eventType;
    array[at + 2] = high;
    array[at + 3] = (atMicros - high * upper) | 0;
    if (this.#windows.length(person) > this.#bound * stride) this.#windows.dropOldest(person, stride);
  }

  /** Whether one of those held is with the item. */
  includes(person: number, item: number): boolean {
    const length = this.#windows.length(person);
    if (length === 0) return false;
    const array = this.#windows.array(person);
    const from = this.#windows.from(person);
    for (let at = from; at < from + length; at += stride) if (array[at] === item) return true;
    return false;
  }

  /** Oldest in the journal first. */
  all(person: number): Interaction[] {
    const found: Interaction[] = [];
    const length = this.#windows.length(person);
    if (length === 0) return found;
    const array = this.#windows.array(person);
    const from = this.#windows.from(person);
    for (let at = from; at < from + length; at += stride) {
      const occurredAtMicros = array[at + 2]! * upper + (array[at + 3]! >>> 0);
      found.push({ item: array[at]!, eventType: array[at + 1]!, occurredAtMicros });
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
    this.#windows.clear(person);
  }

  persist(archive: Archive): void {
    this.#windows.persist(archive.part('windows'));
  }
}
