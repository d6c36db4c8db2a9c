/** The check of frequent events straight from their bytes. */

import type { EventLimits } from './checked-event.ts';
import { eventLayout, eventSlots, payloadLayout, scannedPayloads } from './scanned-event.ts';
import { compileScannedRules, type ScannedTest } from './scanned-rules.ts';
import { EventScanner } from './scanner.ts';

/** `unread`: it is not good, or not for a scanner; a full check has the word. `untimed`: good, but it says no time. */
export type ScanVerdict = 'unread' | 'good' | 'untimed';

/** Finds events good that it can read. */
export class ScannedCheck {
  readonly #limits: EventLimits;
  readonly #scanner = new EventScanner();
  readonly #keepsCommonRules = compileScannedRules(eventLayout);
  /** By the field number of the payload. */
  readonly #keepsRules: (ScannedTest | undefined)[] = [];
  /** Where the id begins of the event that was found good last. */
  idFrom = 0;

  constructor(limits: EventLimits) {
    this.#limits = limits;
    for (const name of scannedPayloads) {
      this.#keepsRules[eventLayout.message.field[name]!.number] = compileScannedRules(payloadLayout(name));
    }
  }

  /** The field number of the payload of the event that was found good last. */
  get payload(): number {
    return this.#scanner.payload;
  }

  /** Of the event from `from` to before `to`. */
  verdictOn(bytes: Uint8Array, from: number, to: number, receivedAtMicros: number): ScanVerdict {
    const scanner = this.#scanner;
    if (!scanner.scan(bytes, from, to) || !this.#keepsCommonRules(scanner)) return 'unread';
    if (!this.#keepsRules[scanner.payload]!(scanner)) return 'unread';
    this.idFrom = scanner.from(eventSlots.eventId);
    if (!scanner.has(eventSlots.occurredAt)) return 'untimed';
    const isWhole = scanner.number(eventSlots.nanos) <= 999_999_999;
    const isPast = scanner.occurredAtMicros() - receivedAtMicros <= this.#limits.maxFutureMicros;
    return isWhole && isPast ? 'good' : 'unread';
  }
}
