/**
 * Reads an event where it lies, in wire form, without making objects: each field's place or number goes into a slot.
 * What is plain is read as a decoder of protobuf would read it (the last of several values counts, messages merge, lists
 * go on, unknown fields are passed over, texts are UTF-8). Whatever is not (a rare payload, a wire type that does not fit
 * its field, groups, numbers beyond the usual, broken bytes) is left to a full decoder: `scan` answers false.
 */

import { isUtf8 } from 'node:buffer';
import { EventSlots, maxElements } from './event-slots.ts';
import { kinds, type ScanLayout } from './scan-layout.ts';
import { eventLayout, payloadNumbers } from './scanned-event.ts';
import { TextCache } from './text-cache.ts';
import { wireTypes } from './wire.ts';

/** Lowest field number that can be a payload. */
const firstPayload = Math.min(...payloadNumbers);
const doubleBytes = new Uint8Array(8);
const double = new DataView(doubleBytes.buffer);

/**
 * What a scanner reads: the whole event, or what the layouts want of it. The second is for events that were checked when
 * they came in: ids, addresses and texts that nobody asks for are passed over, and no text is held against UTF-8 again.
 */
export type ScanScope = 'whole' | 'wanted';

export class EventScanner extends EventSlots {
  /** Behind the number that was read last. */
  #position = 0;
  readonly #isWhole: boolean;

  constructor(scope: ScanScope = 'whole', texts = new TextCache()) {
    super(texts);
    this.#isWhole = scope === 'whole';
  }

  /**
   * Reads the event that lies from `from` to before `to`. True: it is read, and the slots hold until the next scan. False:
   * decode it, or find it broken.
   */
  scan(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    this.begin(bytes);
    return this.#message(eventLayout, from, to) && this.payload !== 0;
  }

  /** Reads an element that is a message into the slots of its layout, until the next one is read. */
  readElement(layout: ScanLayout, index: number): void {
    this.#element(layout, this.elementStarts[index]!, this.elementEnds[index]!);
  }

  /** Where values of fields lie, or their numbers, goes into slots; what is rare goes on in `#range` and `#single`. */
  #message(layout: ScanLayout, from: number, end: number): boolean {
    const bytes = this.bytes;
    const kindsHere = this.#isWhole ? layout.kinds : layout.wanted;
    let at = from;
    while (at < end) {
      let tag = bytes[at++]!;
      if (tag >= 0x80) {
        tag = this.#longTag(at - 1, end);
        if (tag === 0) return false;
        at = this.#position;
      }
      const number = tag >>> 3;
      const kind = number < kindsHere.length ? kindsHere[number]! : kinds.unknown;
      if ((tag & 7) === wireTypes.LEN) {
        let length = at < end ? bytes[at++]! : -1;
        if (length >= 0x80) {
          length = this.#varint(at - 1, end);
          at = this.#position;
        }
        const to = at + length;
        if (length < 0 || to > end || !this.#range(layout, number, kind, at, to)) return false;
        at = to;
      } else {
        if (!this.#single(layout, number, kind, tag & 7, at, end)) return false;
        at = this.#position;
      }
    }
    return true;
  }

  /** A value of a length of its own. */
  #range(layout: ScanLayout, number: number, kind: number, from: number, to: number): boolean {
    switch (kind) {
      case kinds.text:
        return this.#text(layout.slots[number]!, from, to);
      case kinds.passed:
        return ((layout.wireTypes[number]! >> wireTypes.LEN) & 1) === 1;
      case kinds.message:
        return this.#child(layout, number, from, to);
      case kinds.texts:
      case kinds.messages:
        return this.#pushRange(layout.children[number], from, to);
      case kinds.wholes:
        return this.#pushPacked(from, to);
      case kinds.payload:
        return this.#wholePayload(number, layout.slots[number]!, from, to);
      case kinds.unknown:
        return number !== 0;
      default:
        return false;
    }
  }

  /** A number, and whatever else has no length of its own: `#position` is behind it then. */
  #single(layout: ScanLayout, number: number, kind: number, wireType: number, at: number, end: number): boolean {
    switch (kind) {
      case kinds.whole:
        return wireType === wireTypes.VARINT && this.#set(layout.slots[number]!, this.#varint(at, end), 0x7fff_ffff);
      case kinds.long:
        return (
          wireType === wireTypes.VARINT &&
          this.#set(layout.slots[number]!, this.#varint(at, end), Number.MAX_SAFE_INTEGER)
        );
      case kinds.bool:
        return wireType === wireTypes.VARINT && this.#set(layout.slots[number]!, Math.min(1, this.#varint(at, end)), 1);
      case kinds.double:
        return wireType === wireTypes.I64 && this.#double(layout.slots[number]!, at, end);
      case kinds.wholes:
        return wireType === wireTypes.VARINT && this.#pushNumber(at, end);
      case kinds.passed:
        return ((layout.wireTypes[number]! >> wireType) & 1) === 1 && this.#skip(wireType, at, end);
      case kinds.unknown:
        return number !== 0 && this.#skip(wireType, at, end);
      default:
        return false;
    }
  }

  /** A second payload of another type takes the first one's place: that is left to a full decoder. */
  #child(layout: ScanLayout, number: number, from: number, to: number): boolean {
    if (layout === eventLayout && number >= firstPayload) {
      if (this.payload !== 0 && this.payload !== number) return false;
      this.payload = number;
    }
    this.marks[layout.slots[number]!] = this.eventNumber;
    return this.#message(layout.children[number]!, from, to);
  }

  /** One that comes twice is left to a full decoder, which merges them. */
  #wholePayload(number: number, slot: number, from: number, to: number): boolean {
    if (this.payload !== 0) return false;
    this.payload = number;
    return this.#text(slot, from, to);
  }

  #text(slot: number, from: number, to: number): boolean {
    this.marks[slot] = this.eventNumber;
    this.starts[slot] = from;
    this.ends[slot] = to;
    return !this.#isWhole || this.#isText(from, to);
  }

  #isText(from: number, to: number): boolean {
    const bytes = this.bytes;
    let all = 0;
    for (let at = from; at < to; at++) all |= bytes[at]!;
    return all < 0x80 || isUtf8(bytes.subarray(from, to));
  }

  #set(slot: number, value: number, most: number): boolean {
    if (value < 0 || value > most) return false;
    this.marks[slot] = this.eventNumber;
    this.numbers[slot] = value;
    return true;
  }

  #double(slot: number, from: number, end: number): boolean {
    if (end - from < 8) return false;
    for (let i = 0; i < 8; i++) doubleBytes[i] = this.bytes[from + i]!;
    this.#position = from + 8;
    this.marks[slot] = this.eventNumber;
    this.numbers[slot] = double.getFloat64(0, true);
    return true;
  }

  /** An element of a list of texts, or of messages, which are read here for their correctness only. */
  #pushRange(layout: ScanLayout | undefined, from: number, to: number): boolean {
    if (this.elements === maxElements) return false;
    this.elementStarts[this.elements] = from;
    this.elementEnds[this.elements++] = to;
    return layout === undefined ? !this.#isWhole || this.#isText(from, to) : this.#element(layout, from, to);
  }

  #element(layout: ScanLayout, from: number, to: number): boolean {
    // A few slots: the loop is faster than a call of `fill`.
    for (let slot = layout.firstSlot; slot < layout.endSlot; slot++) this.marks[slot] = -1;
    return this.#message(layout, from, to);
  }

  #pushNumber(at: number, end: number): boolean {
    const value = this.#varint(at, end);
    if (value < 0 || value > 0x7fff_ffff || this.elements === maxElements) return false;
    this.elementStarts[this.elements++] = value;
    return true;
  }

  #pushPacked(from: number, to: number): boolean {
    for (let at = from; at < to; at = this.#position) if (!this.#pushNumber(at, to)) return false;
    return true;
  }

  /** A varint of at most seven bytes; -1: there is none here. `#position` is behind it then. */
  #varint(from: number, end: number): number {
    const bytes = this.bytes;
    const most = Math.min(end, from + 7);
    let lower = 0;
    let upper = 0;
    for (let at = from, shift = 0; at < most; at++, shift += 7) {
      const byte = bytes[at]!;
      if (shift < 28) lower |= (byte & 0x7f) << shift;
      else upper |= (byte & 0x7f) << (shift - 28);
      if (byte < 0x80) {
        this.#position = at + 1;
        return lower + upper * 0x1000_0000;
      }
    }
    return -1;
  }

  /** A tag of two or three bytes, and no more than it needs; 0: it is another one. */
  #longTag(from: number, end: number): number {
    const length = from + 1 < end && this.bytes[from + 1]! < 0x80 ? 2 : 3;
    const last = from + length - 1;
    if (last >= end || this.bytes[last] === 0 || this.bytes[last]! >= 0x80) return 0;
    this.#position = last + 1;
    const lower = (this.bytes[from]! & 0x7f) | ((this.bytes[from + 1]! & 0x7f) << 7);
    return length === 2 ? lower : lower | (this.bytes[last]! << 14);
  }

  /** Passes a value without a length, unless it is a group or broken. */
  #skip(wireType: number, at: number, end: number): boolean {
    switch (wireType) {
      case wireTypes.VARINT:
        return this.#varint(at, end) !== -1;
      case wireTypes.I64:
        return this.#advance(at + 8, end);
      case wireTypes.I32:
        return this.#advance(at + 4, end);
      default:
        return false;
    }
  }

  #advance(to: number, end: number): boolean {
    this.#position = to;
    return to <= end;
  }
}
