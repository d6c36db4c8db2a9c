/**
 * Decides of one event's bytes whether it goes into the journal: decodes it once and holds it against the field rules of
 * the contract, and against those that no field rule can say.
 */

import { create, fromBinary } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { isPalateError, type Reason } from '../errors.ts';
import type { DecodedEvent, EventCheck, EventLimits, RejectedEvent } from './checked-event.ts';
import { compileRules } from './compiled-rules.ts';
import { stampReceipt } from './receipt.ts';
import { ScannedCheck } from './scanned-check.ts';
import { microsOf, timestampOf } from './timestamp.ts';
import { cursorOver, fieldNumber, readVarint, skipValue } from './wire.ts';

/** What a full check says: it has decoded what it accepts. */
export type FullCheck = (bytes: Uint8Array, receivedAtMicros: number) => DecodedEvent | RejectedEvent;

export function createEventCheck(limits: EventLimits): EventCheck {
  const checkFully = createFullCheck(limits);
  const scanned = new ScannedCheck(limits);
  return (bytes, receivedAtMicros) => {
    if (bytes.length > limits.maxEventBytes) return checkFully(bytes, receivedAtMicros);
    const verdict = scanned.verdictOn(bytes, 0, bytes.length, receivedAtMicros);
    if (verdict === 'unread') return checkFully(bytes, receivedAtMicros);
    const kept = verdict === 'good' ? bytes : stampReceipt(bytes, receivedAtMicros);
    return { bytes: kept, event: undefined, idFrom: scanned.idFrom };
  };
}

/** The same without a scanner, whose answers are the same. */
export function createFullCheck(limits: EventLimits): FullCheck {
  const keepsRules = compileRules(EventSchema);
  return (bytes, receivedAtMicros) => {
    if (bytes.length > limits.maxEventBytes) {
      return rejected('EVENT_TOO_LARGE', '', `${bytes.length} bytes; at most ${limits.maxEventBytes} are taken`);
    }
    const event = decode(bytes);
    if ('reason' in event) return event;
    if (event.payload.case === undefined) return missingPayload(event, bytes);
    if (!keepsRules(event)) {
      const violation = firstViolation(event);
      if (violation !== undefined) return violation;
    }
    return checkActor(event) ?? checkTime(event, bytes, receivedAtMicros, limits);
  };
}

function decode(bytes: Uint8Array): Event | RejectedEvent {
  try {
    return fromBinary(EventSchema, bytes);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return rejected('EVENT_MALFORMED', '', `the bytes are no Event: ${cause}`);
  }
}

function rejected(reason: Reason, field: string, message: string): RejectedEvent {
  return { reason, field, message };
}

const validator = createValidator({ failFast: true });

/** protovalidate's word on a broken rule: the field, and a sentence for people. */
function firstViolation(event: Event): RejectedEvent | undefined {
  const verdict = validator.validate(EventSchema, event);
  if (verdict.kind === 'error') throw verdict.error;
  const violation = verdict.violations?.[0];
  return violation && rejected('EVENT_INVALID', pathOf(violation), violation.message);
}

/** `item_viewed.item_id`, `lines[2].quantity`, `custom["colour"]`. */
function pathOf(violation: Violation): string {
  let path = '';
  for (const step of violation.field) {
    if (step.kind === 'field' || step.kind === 'oneof') path += path === '' ? step.name : `.${step.name}`;
    else if (step.kind === 'list_sub') path += `[${step.index}]`;
    else if (step.kind === 'map_sub') path += `[${JSON.stringify(String(step.key))}]`;
  }
  return path;
}

/** A payload of a later version is an unknown field here; it must not be journalled, for the fold would pass it over. */
function missingPayload(event: Event, bytes: Uint8Array): RejectedEvent {
  const unknown = unknownPayloadNumber(event, bytes);
  if (unknown === undefined) return rejected('PAYLOAD_MISSING', 'payload', 'no payload is set: set exactly one');
  return rejected('PAYLOAD_UNKNOWN', 'payload', `this server does not know the payload of field number ${unknown}`);
}

/** Payloads have the numbers from 20 on; see event.proto. */
function unknownPayloadNumber(event: Event, bytes: Uint8Array): number | undefined {
  if (event.$unknown === undefined) return undefined;
  const cursor = cursorOver(bytes);
  try {
    while (cursor.position < cursor.end) {
      const tag = readVarint(cursor);
      if (fieldNumber(tag) >= 20) return fieldNumber(tag);
      skipValue(cursor, tag);
    }
  } catch (error) {
    if (!isPalateError(error)) throw error;
  }
  return undefined;
}

/** Who has to be named, by payload; event.proto says so in words, since a field rule cannot. */
function checkActor(event: Event): RejectedEvent | undefined {
  const payload = event.payload.case;
  if (payload === 'userUpserted' || payload === 'identityMerged' || payload === 'userErased') {
    if (event.userId === '') return rejected('EVENT_INVALID', 'user_id', 'this event needs a user_id');
  }
  if (payload === 'identityMerged' && event.visitorId === '') {
    return rejected('EVENT_INVALID', 'visitor_id', 'this event needs a visitor_id');
  }
  if (payload === 'consentChanged' && event.userId === '' && event.visitorId === '') {
    return rejected('EVENT_INVALID', 'user_id', 'this event needs a user_id or a visitor_id');
  }
  return undefined;
}

function checkTime(
  event: Event,
  bytes: Uint8Array,
  receivedAtMicros: number,
  limits: EventLimits,
): DecodedEvent | RejectedEvent {
  const occurredAt = event.occurredAt;
  if (occurredAt === undefined) {
    event.occurredAt = create(TimestampSchema, timestampOf(receivedAtMicros));
    return { event, bytes: stampReceipt(bytes, receivedAtMicros), idFrom: -1 };
  }
  if (occurredAt.nanos < 0 || occurredAt.nanos > 999_999_999) {
    return rejected('EVENT_INVALID', 'occurred_at', `nanos must be 0 to 999999999, not ${occurredAt.nanos}`);
  }
  const ahead = microsOf(occurredAt) - receivedAtMicros;
  if (ahead > limits.maxFutureMicros) {
    const bound = limits.maxFutureMicros / 1e6;
    return rejected('EVENT_FROM_FUTURE', 'occurred_at', `${ahead / 1e6} s ahead of the server; at most ${bound} s is`);
  }
  return { event, bytes, idFrom: -1 };
}
