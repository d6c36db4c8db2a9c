/** What the check of one event says, and what it holds the event against. */

import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import type { Reason } from '../errors.ts';
import { type EventIdWords, parseEventId, parseEventIdIn } from './event-id.ts';

/** An event that passed. */
export interface AcceptedEvent {
  /** What it is journalled as. */
  readonly bytes: Uint8Array;
  /** Undefined: a scanner found it good, and nobody decoded it. */
  readonly event: Event | undefined;
  /** Where in `bytes` its id begins, where it was not decoded. */
  readonly idFrom: number;
}

export interface DecodedEvent extends AcceptedEvent {
  readonly event: Event;
}

/** Reads the id of an event that passed its check into four words, from `at` on. */
export function readAcceptedId({ bytes, event, idFrom }: AcceptedEvent, words: EventIdWords, at = 0): boolean {
  if (event !== undefined) return parseEventId(event.eventId, words, at);
  return parseEventIdIn(bytes, idFrom, idFrom + 36, words, at);
}

/** An event that did not: why, in the words of the contract's `RejectedEvent`. */
export interface RejectedEvent {
  readonly reason: Reason;
  /** Path from the event in proto names; empty for the event as a whole. */
  readonly field: string;
  readonly message: string;
}

export interface EventLimits {
  /** The largest event taken, in bytes. */
  readonly maxEventBytes: number;
  /** How far ahead of the receipt `occurred_at` may lie, in microseconds. */
  readonly maxFutureMicros: number;
}

/** Holds one event against the rules. `receivedAtMicros` is the server's clock, microseconds since 1970. */
export type EventCheck = (bytes: Uint8Array, receivedAtMicros: number) => AcceptedEvent | RejectedEvent;

export function isRejected(result: AcceptedEvent | RejectedEvent): result is RejectedEvent {
  return 'reason' in result;
}
