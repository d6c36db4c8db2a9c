/** Batches for load: events of all types, each with an id and a time of its own. */

import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { type EventInit, freshEventId, samplePayloads } from '../events/event-samples.ts';

/** One message of `PublishStream`, and what is in it. */
export interface Batch {
  /** A `PublishStreamRequest` in wire form. */
  readonly message: Buffer;
  readonly events: readonly Buffer[];
}

// After a `UserErased` the user's later events would be turned away.
const payloads = Object.values(samplePayloads).filter((payload) => payload.case !== 'userErased');
const firstMillis = Date.UTC(2026, 0, 1);
let made = 0;

/** Every other event is a view of one of 500 items; the rest are of every type in turn. */
export function mixedBatch(size = 200): Batch {
  const events = Array.from({ length: size }, () =>
    Buffer.from(toBinary(EventSchema, create(EventSchema, nextEvent()))),
  );
  return { message: batchMessage(events), events };
}

/** `repeated Event events = 1`, of events that are encoded already. */
export function batchMessage(events: readonly Uint8Array[]): Buffer {
  return Buffer.concat(events.flatMap((event) => [Buffer.from([0x0a]), varint(event.length), event]));
}

function nextEvent(): EventInit {
  made += 1;
  const person = made % 300;
  const isView = made % 2 === 0;
  return {
    eventId: freshEventId(),
    userId: `user-${person}`,
    visitorId: `visitor-${person}`,
    sessionId: `session-${person}-${made >> 12}`,
    occurredAt: timestampFromMs(firstMillis + made),
    payload: isView
      ? { case: 'itemViewed', value: { itemId: `item-${(made * 7919) % 500}` } }
      : payloads[(made >> 1) % payloads.length]!,
  };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
