/** The 34 types of event, their numbers and names, as the contract has them. */
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';

export type Payload = Exclude<Event['payload'], { case: undefined }>;
export type PayloadCase = Payload['case'];
export type PayloadValue<C extends PayloadCase> = Extract<Payload, { case: C }>['value'];

const fields = EventSchema.fields.filter((field) => field.oneof?.name === 'payload');

/** The payload's field number by its case: `itemViewed` → 42. */
export const eventTypeNumbers = Object.freeze(
  Object.fromEntries(fields.map((field) => [field.localName, field.number])),
) as Readonly<Record<PayloadCase, number>>;

const names = new Map(fields.map((field) => [field.number, field.name]));

/** The payload's name in the contract by its field number: 42 → `item_viewed`. '': there is no such type. */
export function eventTypeName(eventType: number): string {
  return names.get(eventType) ?? '';
}
