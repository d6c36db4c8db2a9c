import { fromBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';
import type { DurableBatch } from '../journal/journal.ts';

/**
 * A record's event. Throws what the decoder throws where the bytes are none.
 * @throws PalateError JOURNAL_FORMAT where a newer version of Palate wrote it.
 */
export function decodeEvent(sequence: number, bytes: Uint8Array): Event {
  const event = fromBinary(EventSchema, bytes);
  if (event.payload.case !== undefined) return event;
  throw new PalateError(
    'JOURNAL_FORMAT',
    `record ${sequence} holds an event of a type that this version does not know`,
    {
      metadata: { sequence: String(sequence) },
    },
  );
}

/** The decoded event that ingest hands on with a batch. Nothing else is trusted to be one. */
export function attachedEvent(batch: DurableBatch | undefined, at: number): Event | undefined {
  if (batch === undefined) return undefined;
  const { attachment, events } = batch;
  if (!Array.isArray(attachment) || attachment.length !== events.length) return undefined;
  const event = attachment[at] as Event | undefined;
  return event?.$typeName === EventSchema.typeName && event.payload.case !== undefined ? event : undefined;
}
