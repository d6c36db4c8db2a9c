/** Payloads that a scanner does not read: they are decoded alone, without the rest of their events. */
import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../../../gen/palate/event/v1/event_pb.ts';
import { eventLayout, scannedPayloads } from '../../../events/scanned-event.ts';
import type { EventScanner } from '../../../events/scanner.ts';
import type { Payload, PayloadCase } from '../event-types.ts';

interface WholePayload {
  readonly name: PayloadCase;
  readonly message: DescMessage;
  readonly slot: number;
}

const scanned: ReadonlySet<string> = new Set(scannedPayloads);
/** By field number. */
const byNumber: (WholePayload | undefined)[] = [];
for (const { oneof, localName, number, message } of EventSchema.fields) {
  if (oneof?.name !== 'payload' || message === undefined || scanned.has(localName)) continue;
  byNumber[number] = { name: localName as PayloadCase, message, slot: eventLayout.slots[number]! };
}

/**
 * The payload of an event that a scanner of what is wanted has read; null: the scanner has read the payload, too. Undefined:
 * its bytes are none, and whoever decodes the whole event is told why.
 */
export function payloadOf(event: EventScanner): Payload | null | undefined {
  const whole = byNumber[event.payload];
  if (whole === undefined) return null;
  const bytes = event.bytes.subarray(event.from(whole.slot), event.to(whole.slot));
  try {
    return { case: whole.name, value: fromBinary(whole.message, bytes) } as unknown as Payload;
  } catch {
    return undefined;
  }
}
