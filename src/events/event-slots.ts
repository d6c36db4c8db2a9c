/** What a scanner has read of an event: the places of its texts and its numbers, each in the slot of its field. */

import { kinds, type ScanLayout } from './scan-layout.ts';
import { eventLayout, eventSlots, payloadNumbers, slotCount } from './scanned-event.ts';
import { TextCache } from './text-cache.ts';

const nothing = new Uint8Array(0);
export const maxElements = 1_024;

/** Words before the slots: the payload, where the texts end, where the numbers end, and how many elements there are. */
const headWords = 4;
/** The most that an event's slots are as words. */
export const mostSlotWords = headWords + 3 * slotCount + 2 * maxElements;

/** A number as two words. */
const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

export class EventSlots {
  /** The event's bytes; the places in slots are places in them. */
  bytes: Uint8Array = nothing;
  /** The field number of its payload. */
  payload = 0;
  /** How many elements its list has: of its payload's repeated field, of which there is at most one. */
  elements = 0;
  /** A slot is set when it bears this one: the number of the event. */
  protected eventNumber = 0;
  protected readonly marks = new Float64Array(slotCount);
  protected readonly starts = new Int32Array(slotCount);
  protected readonly ends = new Int32Array(slotCount);
  protected readonly numbers = new Float64Array(slotCount);
  /** Where an element begins; of a list of numbers, the number. */
  protected readonly elementStarts = new Int32Array(maxElements);
  protected readonly elementEnds = new Int32Array(maxElements);
  readonly #texts: TextCache;

  constructor(texts = new TextCache()) {
    this.#texts = texts;
  }

  has(slot: number): boolean {
    return this.marks[slot] === this.eventNumber;
  }

  /** Where a text or a message begins; 0 where it is not set. */
  from(slot: number): number {
    return this.has(slot) ? this.starts[slot]! : 0;
  }

  /** Where it ends: before this byte. */
  to(slot: number): number {
    return this.has(slot) ? this.ends[slot]! : 0;
  }

  isEmpty(slot: number): boolean {
    return !this.has(slot) || this.starts[slot] === this.ends[slot];
  }

  text(slot: number): string {
    return this.has(slot) ? this.textIn(this.starts[slot]!, this.ends[slot]!) : '';
  }

  textIn(from: number, to: number): string {
    return this.#texts.text(this.bytes, from, to);
  }

  /** A number, or 1 and 0 for true and false. */
  number(slot: number, absent = 0): number {
    return this.has(slot) ? this.numbers[slot]! : absent;
  }

  elementFrom(index: number): number {
    return this.elementStarts[index]!;
  }

  elementTo(index: number): number {
    return this.elementEnds[index]!;
  }

  elementNumber(index: number): number {
    return this.elementStarts[index]!;
  }

  /** Microseconds since 1970; what is finer is cut off. NaN: not said. */
  occurredAtMicros(): number {
    if (!this.has(eventSlots.occurredAt)) return Number.NaN;
    return this.number(eventSlots.seconds) * 1e6 + Math.floor(this.number(eventSlots.nanos) / 1e3);
  }

  /** Writes what is set from `words[at]` on, for another thread to `load`, and answers where it ends. */
  write(words: Int32Array, at: number): number {
    const { texts, numbers } = slotsOf(this.payload);
    let end = at + headWords;
    for (let i = 0; i < texts.length; i++) {
      const slot = texts[i]!;
      if (!this.has(slot)) continue;
      words[end++] = slot;
      words[end++] = this.starts[slot]!;
      words[end++] = this.ends[slot]!;
    }
    const textsEnd = end;
    for (let i = 0; i < numbers.length; i++) {
      const slot = numbers[i]!;
      if (!this.has(slot)) continue;
      double[0] = this.numbers[slot]!;
      words[end++] = slot;
      words[end++] = halves[0]!;
      words[end++] = halves[1]!;
    }
    words[at] = this.payload;
    words[at + 1] = textsEnd - at;
    words[at + 2] = end - at;
    words[at + 3] = this.elements;
    for (let i = 0; i < this.elements; i++) {
      words[end++] = this.elementStarts[i]!;
      words[end++] = this.elementEnds[i]!;
    }
    return end;
  }

  /** Becomes what was written from `words[at]` on, of an event that lies in `bytes`; answers where it ends. */
  load(bytes: Uint8Array, words: Int32Array, at: number): number {
    this.begin(bytes);
    this.payload = words[at]!;
    const textsEnd = at + words[at + 1]!;
    const numbersEnd = at + words[at + 2]!;
    const elements = words[at + 3]!;
    let next = at + headWords;
    for (; next < textsEnd; next += 3) {
      const slot = words[next]!;
      this.marks[slot] = this.eventNumber;
      this.starts[slot] = words[next + 1]!;
      this.ends[slot] = words[next + 2]!;
    }
    for (; next < numbersEnd; next += 3) {
      const slot = words[next]!;
      this.marks[slot] = this.eventNumber;
      halves[0] = words[next + 1]!;
      halves[1] = words[next + 2]!;
      this.numbers[slot] = double[0]!;
    }
    this.elements = elements;
    for (let i = 0; i < elements; i++, next += 2) {
      this.elementStarts[i] = words[next]!;
      this.elementEnds[i] = words[next + 1]!;
    }
    return next;
  }

  /** Nothing is set any more. */
  protected begin(bytes: Uint8Array): void {
    if (this.bytes !== bytes) this.bytes = bytes;
    this.payload = 0;
    this.elements = 0;
    this.eventNumber++;
  }
}

/** Slots that may be set of an event with a payload. */
interface Slots {
  /** Of texts, and of messages, which are told to be there. */
  readonly texts: Int32Array;
  readonly numbers: Int32Array;
}

const numberKinds: ReadonlySet<number> = new Set([kinds.whole, kinds.long, kinds.bool, kinds.double]);
/** By the payload's field number. */
const slotsByPayload: (Slots | undefined)[] = [];

/** When it is asked first, all that is wanted of events is known: who asks has scanned one. */
function slotsOf(payload: number): Slots {
  const known = slotsByPayload[payload];
  if (known !== undefined) return known;
  const slots = wantedSlots(payload);
  slotsByPayload[payload] = slots;
  return slots;
}

function wantedSlots(payload: number): Slots {
  const texts: number[] = [];
  const numbers: number[] = [];
  const collect = (layout: ScanLayout) => {
    for (const [number, kind] of layout.wanted.entries()) {
      const isOther = layout === eventLayout && payloadNumbers.has(number) && number !== payload;
      if (kind === kinds.passed || kind === kinds.unknown || isOther) continue;
      (numberKinds.has(kind) ? numbers : texts).push(layout.slots[number]!);
      if (kind === kinds.message) collect(layout.children[number]!);
    }
  };
  collect(eventLayout);
  return { texts: Int32Array.from(texts), numbers: Int32Array.from(numbers) };
}
