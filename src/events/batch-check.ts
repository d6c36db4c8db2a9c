/** Holds the events of a batch against the rules, most of them without making an object of any. */

import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { type AcceptedEvents, noUuid, wordsPerId } from './accepted-events.ts';
import { type EventLimits, isRejected, type RejectedEvent } from './checked-event.ts';
import { createFullCheck, type FullCheck } from './checking.ts';
import { parseEventId, parseEventIdIn } from './event-id.ts';
import { type EventRanges, eventAt } from './event-ranges.ts';
import { payloadNumberOf, payloadTypes } from './payloads.ts';
import { stampReceipt } from './receipt.ts';
import { ScannedCheck } from './scanned-check.ts';

/** A batch after its check: each event is in one of the two, `rejected` in the order of the indices. */
export interface CheckedEvents {
  readonly accepted: AcceptedEvents;
  readonly rejected: readonly (RejectedEvent & { readonly index: number })[];
}

/** Checks one batch, part by part. */
export interface BatchCheck {
  /** Checks so many more of its events at most. False: all are checked. */
  next(count: number): boolean;
  /** Once all are checked. */
  result(): CheckedEvents;
}

/**
 * Makes checks of batches. `receivedAtMicros` is the server's clock, microseconds since 1970.
 * `permitted` has a 1 at the field number of each payload that the sender may publish; absent: all.
 */
export type BatchChecks = (
  events: EventRanges,
  receivedAtMicros: number,
  permitted?: Uint8Array | undefined,
) => BatchCheck;

export function createBatchChecks(limits: EventLimits): BatchChecks {
  const scanned = new ScannedCheck(limits);
  const checkFully = createFullCheck(limits);
  return (events, receivedAtMicros, permitted) =>
    new RunningCheck(events, receivedAtMicros, permitted, limits, scanned, checkFully);
}

class RunningCheck implements BatchCheck {
  readonly #events: EventRanges;
  readonly #receivedAtMicros: number;
  readonly #permitted: Uint8Array | undefined;
  readonly #maxEventBytes: number;
  readonly #scanned: ScannedCheck;
  readonly #checkFully: FullCheck;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #ids: Uint32Array;
  readonly #idFrom: Int32Array;
  readonly #decoded: (Event | undefined)[] = [];
  readonly #rejected: (RejectedEvent & { readonly index: number })[] = [];
  /** The bytes of events that are not journalled as they came: they go behind those of the batch. */
  readonly #written: Uint8Array[] = [];
  #end: number;
  #checked = 0;
  #accepted = 0;

  constructor(
    events: EventRanges,
    receivedAtMicros: number,
    permitted: Uint8Array | undefined,
    { maxEventBytes }: EventLimits,
    scanned: ScannedCheck,
    checkFully: FullCheck,
  ) {
    this.#events = events;
    this.#receivedAtMicros = receivedAtMicros;
    this.#permitted = permitted;
    this.#maxEventBytes = maxEventBytes;
    this.#scanned = scanned;
    this.#checkFully = checkFully;
    this.#from = new Int32Array(events.length);
    this.#to = new Int32Array(events.length);
    this.#ids = new Uint32Array(events.length * wordsPerId);
    this.#idFrom = new Int32Array(events.length).fill(-1);
    this.#end = events.bytes.length;
  }

  next(count: number): boolean {
    const end = Math.min(this.#checked + count, this.#events.length);
    while (this.#checked < end) this.#check(this.#checked++);
    return end < this.#events.length;
  }

  result(): CheckedEvents {
    const length = this.#accepted;
    const events = {
      bytes: this.#allBytes(),
      from: this.#from.subarray(0, length),
      to: this.#to.subarray(0, length),
      length,
    };
    const ids = this.#ids.subarray(0, length * wordsPerId);
    const accepted = { events, ids, idFrom: this.#idFrom.subarray(0, length), decoded: this.#decoded };
    return { accepted, rejected: this.#rejected };
  }

  #check(index: number): void {
    const { bytes, from, to } = this.#events;
    const [start, end] = [from[index]!, to[index]!];
    const isLarge = end - start > this.#maxEventBytes;
    const verdict = isLarge ? 'unread' : this.#scanned.verdictOn(bytes, start, end, this.#receivedAtMicros);
    if (verdict === 'unread') {
      this.#checkWhole(index);
      return;
    }
    if (this.#isDenied(index, this.#scanned.payload)) return;
    const { idFrom } = this.#scanned;
    parseEventIdIn(bytes, idFrom, idFrom + 36, this.#ids, this.#accepted * wordsPerId);
    this.#idFrom[this.#accepted] = idFrom - start;
    if (verdict === 'good') this.#accept(start, end, undefined);
    else this.#acceptAs(stampReceipt(eventAt(this.#events, index), this.#receivedAtMicros), undefined);
  }

  #checkWhole(index: number): void {
    const bytes = eventAt(this.#events, index);
    const verdict = this.#checkFully(bytes, this.#receivedAtMicros);
    if (isRejected(verdict)) {
      this.#rejected.push({ index, ...verdict });
      return;
    }
    if (this.#permitted !== undefined && this.#isDenied(index, payloadNumberOf(verdict.event))) return;
    if (!parseEventId(verdict.event.eventId, this.#ids, this.#accepted * wordsPerId)) throw noUuid();
    if (verdict.bytes === bytes) this.#accept(this.#events.from[index]!, this.#events.to[index]!, verdict.event);
    else this.#acceptAs(verdict.bytes, verdict.event);
  }

  /** Said last: to whom may not send an event it is still said first what is wrong with it. */
  #isDenied(index: number, payload: number): boolean {
    if (this.#permitted === undefined || this.#permitted[payload] === 1) return false;
    const name = payloadTypes.find(({ number }) => number === payload)?.name ?? 'this type';
    this.#rejected.push({ index, reason: 'EVENT_DENIED', field: '', message: `no role may publish ${name} here` });
    return true;
  }

  #accept(from: number, to: number, decoded: Event | undefined): void {
    this.#from[this.#accepted] = from;
    this.#to[this.#accepted++] = to;
    this.#decoded.push(decoded);
  }

  #acceptAs(bytes: Uint8Array, decoded: Event | undefined): void {
    this.#written.push(bytes);
    this.#accept(this.#end, this.#end + bytes.length, decoded);
    this.#end += bytes.length;
  }

  #allBytes(): Uint8Array {
    if (this.#written.length === 0) return this.#events.bytes;
    return Buffer.concat([this.#events.bytes, ...this.#written], this.#end);
  }
}
