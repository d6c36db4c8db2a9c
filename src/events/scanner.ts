/**
 * Reads an event where it lies, in wire form, without making objects: each field's place or number goes into a slot.
 * What is plain is read as a decoder of protobuf would read it (the last of several values counts, messages merge, lists
 * go on, unknown fields are passed over, texts are UTF-8). Whatever is not (a rare payload, a wire type that does not fit
 * its field, groups, numbers beyond the usual, broken bytes) is left to a full decoder: `scan` answers false.
 */

import { isUtf8 } from 'node:buffer';
import { kinds, type ScanLayout } from './scan-layout.ts';
import { eventLayout, eventSlots, payloadNumbers, slotCount } from './scanned-event.ts';
import { TextCache } from './text-cache.ts';

const nothing = new Uint8Array(0);
const maxElements = 1_024;
/** Lowest field number that can be a payload. */
const firstPayload = Math.min(...payloadNumbers);
const doubleBytes = new Uint8Array(8);
const double = new DataView(doubleBytes.buffer);

/**
 * What a scanner reads: the whole event, or what the layouts want of it. The second is for events that were checked when
 * they came in: ids, addresses and texts that nobody asks for are passed over, and no text is held against UTF-8 again.
 */
export type ScanScope = 'whole' | 'wanted';

export class EventScanner {
  /** The event's bytes; the places in slots are places in them. */
  bytes: Uint8Array = nothing;
  /** The field number of its payload. */
  payload = 0;
  /** How many elements its list has: of its payload's repeated field, of which there is at most one. */
  elements = 0;
  #position = 0;
  /** A slot is set when it bears the number of this scan. */
  #scan = 0;
  readonly #marks = new Float64Array(slotCount);
  readonly #from = new Int32Array(slotCount);
  readonly #to = new Int32Array(slotCount);
  readonly #numbers = new Float64Array(slotCount);
  readonly #elementFrom = new Int32Array(maxElements);
  readonly #elementTo = new Int32Array(maxElements);
  readonly #texts: TextCache;
  readonly #elementNumbers = new Float64Array(maxElements);
  readonly #isWhole: boolean;

  constructor(scope: ScanScope = 'whole', texts = new TextCache()) {
    this.#texts = texts;
    this.#isWhole = scope === 'whole';
  }

  /**
   * Reads the event that lies from `from` to before `to`. True: it is read, and the slots hold until the next scan. False:
   * decode it, or find it broken.
   */
  scan(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    this.bytes = bytes;
    this.payload = 0;
    this.elements = 0;
    this.#scan++;
    return this.#message(eventLayout, from, to) && this.payload !== 0;
  }

  has(slot: number): boolean {
    return this.#marks[slot] === this.#scan;
  }

  /** Where a text or a message begins; 0 where it is not set. */
  from(slot: number): number {
    return this.has(slot) ? this.#from[slot]! : 0;
  }

  /** Where it ends: before this byte. */
  to(slot: number): number {
    return this.has(slot) ? this.#to[slot]! : 0;
  }

  isEmpty(slot: number): boolean {
    return !this.has(slot) || this.#from[slot] === this.#to[slot];
  }

  text(slot: number): string {
    return this.has(slot) ? this.textIn(this.#from[slot]!, this.#to[slot]!) : '';
  }

  textIn(from: number, to: number): string {
    return this.#texts.text(this.bytes, from, to);
  }

  /** A number, or 1 and 0 for true and false. */
  number(slot: number, absent = 0): number {
    return this.has(slot) ? this.#numbers[slot]! : absent;
  }

  elementFrom(index: number): number {
    return this.#elementFrom[index]!;
  }

  elementTo(index: number): number {
    return this.#elementTo[index]!;
  }

  elementNumber(index: number): number {
    return this.#elementNumbers[index]!;
  }

  /** Reads an element that is a message into the slots of its layout, until the next one is read. */
  readElement(layout: ScanLayout, index: number): void {
    this.#element(layout, this.#elementFrom[index]!, this.#elementTo[index]!);
  }

  /** Microseconds since 1970; what is finer is cut off. NaN: not said. */
  occurredAtMicros(): number {
    if (!this.has(eventSlots.occurredAt)) return Number.NaN;
    return this.number(eventSlots.seconds) * 1e6 + Math.floor(this.number(eventSlots.nanos) / 1e3);
  }

  #message(layout: ScanLayout, from: number, end: number): boolean {
    this.#position = from;
    const bytes = this.bytes;
    const kindsHere = this.#isWhole ? layout.kinds : layout.wanted;
    while (this.#position < end) {
      let tag = bytes[this.#position++]!;
      if (tag >= 0x80) {
        tag = this.#longTag(tag, end);
        if (tag === 0) return false;
      }
      const number = tag >>> 3;
      const kind = number < kindsHere.length ? kindsHere[number]! : kinds.unknown;
      if (kind === kinds.unknown) {
        if (number === 0 || !this.#skip(tag & 7, end)) return false;
      } else if (!this.#field(layout, number, kind, tag & 7, end)) return false;
    }
    return this.#position === end;
  }

  #field(layout: ScanLayout, number: number, kind: number, wireType: number, end: number): boolean {
    const slot = layout.slots[number]!;
    switch (kind) {
      case kinds.text:
        return wireType === 2 && this.#text(slot, end);
      case kinds.whole:
        return wireType === 0 && this.#set(slot, this.#varint(end), 0x7fff_ffff);
      case kinds.bool:
        return wireType === 0 && this.#set(slot, Math.min(1, this.#varint(end)), 1);
      case kinds.long:
        return wireType === 0 && this.#set(slot, this.#varint(end), Number.MAX_SAFE_INTEGER);
      case kinds.double:
        return wireType === 1 && this.#double(slot, end);
      case kinds.message:
        return wireType === 2 && this.#child(layout, number, slot, end);
      case kinds.texts:
      case kinds.messages:
        return wireType === 2 && this.#pushRange(layout.children[number], end);
      case kinds.wholes:
        return wireType === 0 ? this.#pushNumber(end) : wireType === 2 && this.#pushPacked(end);
      case kinds.payload:
        return wireType === 2 && this.#wholePayload(number, slot, end);
      case kinds.passed:
        return ((layout.wireTypes[number]! >> wireType) & 1) === 1 && this.#skip(wireType, end);
      default:
        return false;
    }
  }

  /** A second payload of another type takes the first one's place: that is left to a full decoder. */
  #child(layout: ScanLayout, number: number, slot: number, end: number): boolean {
    if (layout === eventLayout && number >= firstPayload) {
      if (this.payload !== 0 && this.payload !== number) return false;
      this.payload = number;
    }
    const to = this.#end(end);
    if (to === -1) return false;
    this.#marks[slot] = this.#scan;
    return this.#message(layout.children[number]!, this.#position, to);
  }

  /** One that comes twice is left to a full decoder, which merges them. */
  #wholePayload(number: number, slot: number, end: number): boolean {
    if (this.payload !== 0) return false;
    this.payload = number;
    return this.#text(slot, end);
  }

  #text(slot: number, end: number): boolean {
    const to = this.#end(end);
    if (to === -1) return false;
    this.#marks[slot] = this.#scan;
    this.#from[slot] = this.#position;
    this.#to[slot] = to;
    return this.#passText(to);
  }

  #passText(to: number): boolean {
    const from = this.#position;
    this.#position = to;
    if (!this.#isWhole) return true;
    const bytes = this.bytes;
    let all = 0;
    for (let at = from; at < to; at++) all |= bytes[at]!;
    return all < 0x80 || isUtf8(bytes.subarray(from, to));
  }

  #set(slot: number, value: number, most: number): boolean {
    if (value < 0 || value > most) return false;
    this.#marks[slot] = this.#scan;
    this.#numbers[slot] = value;
    return true;
  }

  #double(slot: number, end: number): boolean {
    const from = this.#position;
    if (end - from < 8) return false;
    for (let i = 0; i < 8; i++) doubleBytes[i] = this.bytes[from + i]!;
    this.#position = from + 8;
    this.#marks[slot] = this.#scan;
    this.#numbers[slot] = double.getFloat64(0, true);
    return true;
  }

  /** An element of a list of texts, or of messages, which are read here for their correctness only. */
  #pushRange(layout: ScanLayout | undefined, end: number): boolean {
    const to = this.#end(end);
    if (to === -1 || this.elements === maxElements) return false;
    const from = this.#position;
    this.#elementFrom[this.elements] = from;
    this.#elementTo[this.elements++] = to;
    return layout === undefined ? this.#passText(to) : this.#element(layout, from, to);
  }

  #element(layout: ScanLayout, from: number, to: number): boolean {
    // A few slots: the loop is faster than a call of `fill`.
    for (let slot = layout.firstSlot; slot < layout.endSlot; slot++) this.#marks[slot] = -1;
    return this.#message(layout, from, to);
  }

  #pushNumber(end: number): boolean {
    const value = this.#varint(end);
    if (value < 0 || value > 0x7fff_ffff || this.elements === maxElements) return false;
    this.#elementNumbers[this.elements++] = value;
    return true;
  }

  #pushPacked(end: number): boolean {
    const to = this.#end(end);
    if (to === -1) return false;
    while (this.#position < to) if (!this.#pushNumber(to)) return false;
    return true;
  }

  /** Reads a length and answers where the value ends; -1: beyond `end`. */
  #end(end: number): number {
    const first = this.#position < end ? this.bytes[this.#position]! : 0x80;
    let length = first;
    if (first < 0x80) this.#position++;
    else length = this.#varint(end);
    const to = this.#position + length;
    return length < 0 || to > end ? -1 : to;
  }

  /** A varint of at most seven bytes; -1: there is none here. */
  #varint(end: number): number {
    const bytes = this.bytes;
    const most = Math.min(end, this.#position + 7);
    let value = 0;
    let scale = 1;
    for (let at = this.#position; at < most; at++) {
      const byte = bytes[at]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#position = at + 1;
        return value;
      }
      scale *= 128;
    }
    return -1;
  }

  /** The rest of a tag of two or three bytes; 0: it is longer. */
  #longTag(first: number, end: number): number {
    this.#position--;
    const tag = this.#varint(end);
    return tag < 0x20_0000 && tag > first - 0x80 ? tag : 0;
  }

  /** Passes the value of an unknown field, unless it is a group or broken. */
  #skip(wireType: number, end: number): boolean {
    switch (wireType) {
      case 0:
        return this.#varint(end) !== -1;
      case 1:
        return this.#advance(8, end);
      case 2: {
        const to = this.#end(end);
        this.#position = to;
        return to !== -1;
      }
      case 5:
        return this.#advance(4, end);
      default:
        return false;
    }
  }

  #advance(count: number, end: number): boolean {
    this.#position += count;
    return this.#position <= end;
  }
}
