/** The layout of the events that a scanner reads, and the slots of what all of them have. */

import type { DescField } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { ScanLayout, type SlotCounter } from './scan-layout.ts';

type PayloadName = NonNullable<Event['payload']['case']>;

/** The payloads that make up nearly all of an app's traffic. The rest is decoded: it comes seldom, or is large. */
export const scannedPayloads = [
  'pageViewed',
  'listViewed',
  'itemViewed',
  'itemClicked',
  'searchPerformed',
  'mediaProgressed',
  'cartAdded',
  'cartRemoved',
  'listAdded',
  'listRemoved',
  'itemShared',
  'itemRated',
  'itemReacted',
  'recommendationServed',
  'recommendationSeen',
  'recommendationClicked',
  'stockChanged',
  'priceChanged',
  'itemSimilarityUpserted',
  'checkoutStarted',
  'orderCompleted',
  'customInteracted',
] as const satisfies readonly PayloadName[];

export type ScannedPayload = (typeof scannedPayloads)[number];

const scanned: ReadonlySet<string> = new Set(scannedPayloads);
const counter: SlotCounter = { count: 0 };

/** Payloads that are not scanned are left to a full decoder. */
export const eventLayout = new ScanLayout(
  EventSchema,
  counter,
  (field: DescField) => field.oneof?.name === 'payload' && !scanned.has(field.localName),
);

/** How many slots an event needs. */
export const slotCount = counter.count;

const occurredAt = eventLayout.child('occurredAt');

export const eventSlots = {
  eventId: eventLayout.slot('eventId'),
  userId: eventLayout.slot('userId'),
  visitorId: eventLayout.slot('visitorId'),
  sessionId: eventLayout.slot('sessionId'),
  occurredAt: eventLayout.slot('occurredAt'),
  seconds: occurredAt.slot('seconds'),
  nanos: occurredAt.slot('nanos'),
} as const;

/** The layout of a payload, for the slots of its fields. */
export function payloadLayout(name: ScannedPayload): ScanLayout {
  return eventLayout.child(name);
}

const payloads = EventSchema.fields.filter((field) => field.oneof?.name === 'payload');

/** By field number: whether it is a payload. */
export const payloadNumbers: ReadonlySet<number> = new Set(payloads.map(({ number }) => number));

// Of every event: who, in which session, when, and what.
for (const name of ['userId', 'visitorId', 'sessionId', 'occurredAt']) eventLayout.want(name);
for (const name of ['seconds', 'nanos']) occurredAt.want(name);
for (const { localName } of payloads) {
  if (scanned.has(localName)) eventLayout.want(localName);
  else eventLayout.wantWhole(localName);
}
