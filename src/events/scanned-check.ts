/** The check of frequent events straight from their bytes. */

import type { AcceptedEvent, EventLimits } from './checked-event.ts';
import { stampReceipt } from './receipt.ts';
import { eventLayout, eventSlots, payloadLayout, scannedPayloads } from './scanned-event.ts';
import { compileScannedRules, type ScannedTest } from './scanned-rules.ts';
import { EventScanner } from './scanner.ts';

/**
 * Makes a function that accepts an event which it can read and finds good. Undefined: it is not, or not for a scanner; a
 * full check has the word.
 */
export function createScannedCheck(
  limits: EventLimits,
): (bytes: Uint8Array, receivedAtMicros: number) => AcceptedEvent | undefined {
  const scanner = new EventScanner();
  const keepsCommonRules = compileScannedRules(eventLayout);
  const keepsRules: (ScannedTest | undefined)[] = [];
  for (const name of scannedPayloads) {
    keepsRules[eventLayout.message.field[name]!.number] = compileScannedRules(payloadLayout(name));
  }
  return (bytes, receivedAtMicros) => {
    if (!scanner.scan(bytes) || !keepsCommonRules(scanner) || !keepsRules[scanner.payload]!(scanner)) return undefined;
    const idFrom = scanner.from(eventSlots.eventId);
    if (!scanner.has(eventSlots.occurredAt)) {
      return { bytes: stampReceipt(bytes, receivedAtMicros), event: undefined, idFrom };
    }
    const isWhole = scanner.number(eventSlots.nanos) <= 999_999_999;
    const isPast = scanner.occurredAtMicros() - receivedAtMicros <= limits.maxFutureMicros;
    return isWhole && isPast ? { bytes, event: undefined, idFrom } : undefined;
  };
}
