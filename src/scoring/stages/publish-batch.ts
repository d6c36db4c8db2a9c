/** A batch of events as the ingest service takes it, and its answer. */

import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { PublishResponse } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError, type Reason, reasons } from '../../errors.ts';
import { nowMicros, timestampOf } from '../../events/timestamp.ts';
import { mealEventId } from './meal-event-id.ts';

/** The event's bytes, with its id, and the present as `occurred_at` where it has none: the same for every attempt. */
export function encodeMealEvent(event: Event): Uint8Array {
  const occurredAt = event.occurredAt ?? create(TimestampSchema, timestampOf(nowMicros()));
  const dated = { ...event, occurredAt };
  return toBinary(EventSchema, { ...dated, eventId: mealEventId(dated) });
}

/** A `PublishRequest`: its events, each in field 1. */
export function requestOf(events: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const bytes of events) writer.tag(1, WireType.LengthDelimited).bytes(bytes);
  return writer.finish();
}

/**
 * What became of each event of a batch. A sequence is the event's own where the acknowledgement tells, else the batch's last,
 * which is not below it; 0: all that was accepted had been known before. As `min_sequence` it makes a read see the event.
 */
export function outcomesOf(answer: PublishResponse, events: number): readonly (bigint | PalateError)[] {
  const { firstSequence, lastSequence, accepted, rejected } = answer;
  const refused = new Map(rejected.map(({ index, reason, message }) => [index, refusal(reason, message)]));
  const isWhole = accepted === events - refused.size && lastSequence - firstSequence + 1n === BigInt(accepted);
  let next = firstSequence;
  return Array.from({ length: events }, (_, index) => refused.get(index) ?? (isWhole ? next++ : lastSequence));
}

function refusal(reason: string, message: string): PalateError {
  return new PalateError(Object.hasOwn(reasons, reason) ? (reason as Reason) : 'INTERNAL', message);
}
