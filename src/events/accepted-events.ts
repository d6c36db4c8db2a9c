/** Events of a batch that passed their check, side by side. */

import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';
import { type AcceptedEvent, readAcceptedId } from './checked-event.ts';
import type { EventIdWords } from './event-id.ts';
import { type EventRanges, eventAt, packEvents } from './event-ranges.ts';

export interface AcceptedEvents {
  /** What they are journalled as. */
  readonly events: EventRanges;
  /** The words of their ids, four each. */
  readonly ids: EventIdWords;
  /** Where in each event its id begins, where it was not decoded. */
  readonly idFrom: Int32Array;
  /** Undefined: a scanner found it good, and nobody decoded it. */
  readonly decoded: readonly (Event | undefined)[];
}

export const wordsPerId = 4;

/** Each event as an object of its own. */
export function listEvents({ events, idFrom, decoded }: AcceptedEvents): AcceptedEvent[] {
  return decoded.map((event, at) => ({ bytes: eventAt(events, at), event, idFrom: idFrom[at]! }));
}

/** The other way. */
export function packAccepted(list: readonly AcceptedEvent[]): AcceptedEvents {
  const ids = new Uint32Array(list.length * wordsPerId);
  for (const [at, event] of list.entries()) {
    if (!readAcceptedId(event, ids, at * wordsPerId)) throw noUuid();
  }
  return {
    events: packEvents(list.map(({ bytes }) => bytes)),
    ids,
    idFrom: Int32Array.from(list, ({ idFrom }) => idFrom),
    decoded: list.map(({ event }) => event),
  };
}

/** Those at the places, which rise. */
export function pickEvents({ events, ids, idFrom, decoded }: AcceptedEvents, places: Int32Array): AcceptedEvents {
  const words = new Uint32Array(places.length * wordsPerId);
  for (const [at, place] of places.entries()) {
    words.set(ids.subarray(place * wordsPerId, (place + 1) * wordsPerId), at * wordsPerId);
  }
  return {
    events: {
      bytes: events.bytes,
      from: places.map((place) => events.from[place]!),
      to: places.map((place) => events.to[place]!),
      length: places.length,
    },
    ids: words,
    idFrom: places.map((place) => idFrom[place]!),
    decoded: Array.from(places, (place) => decoded[place]),
  };
}

export function noUuid(): PalateError {
  return new PalateError('INTERNAL', 'an event id passed its check and is no UUID');
}
