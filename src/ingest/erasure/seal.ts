/** What is journalled of an erasure: that there was one, when, and whose, in a form that only the key's holder can test. */

import { create, toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { AcceptedEvent } from '../../events/checked-event.ts';

/** Nothing else of the caller's event is kept: neither its other ids nor fields that this version does not know. */
export function seal({ eventId, occurredAt }: Event, digest: string): AcceptedEvent {
  const event = create(EventSchema, {
    eventId,
    ...(occurredAt === undefined ? {} : { occurredAt }),
    payload: { case: 'userErased', value: { userDigest: Buffer.from(digest, 'hex') } },
  });
  return { event, bytes: toBinary(EventSchema, event), idFrom: -1 };
}
