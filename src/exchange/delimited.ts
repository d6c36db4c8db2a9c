/**
 * Events as delimited protobuf: each `Event` behind its length as a varint, as `writeDelimitedTo` of Java and C++ and
 * `protodelim` of Go write it.
 */

import { sizeDelimitedDecodeStream } from '@bufbuild/protobuf/wire';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';

/** Throws INPUT_UNREADABLE with the number of the event that cannot be read. */
export async function* readDelimited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  let number = 0;
  try {
    for await (const event of sizeDelimitedDecodeStream(EventSchema, chunks)) {
      number++;
      yield event;
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PalateError('INPUT_UNREADABLE', `event ${number + 1}: ${message}`, { cause });
  }
}
