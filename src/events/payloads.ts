/** The 34 payloads of an event, from the descriptor: their names, their fields and their groups. */

import type { DescField } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';

/** The groups of payloads, each with a tens of field numbers to itself. Permissions go by group. */
export const payloadGroups = {
  2: 'catalogue',
  3: 'user',
  4: 'browse',
  5: 'intent',
  6: 'outcome',
  7: 'loop',
  8: 'control',
  9: 'meal',
} as const;

export type PayloadGroup = (typeof payloadGroups)[keyof typeof payloadGroups];

export interface PayloadType {
  /** As in the `.proto` file: `item_viewed`. */
  readonly name: string;
  /** As in JSON and in TypeScript: `itemViewed`. */
  readonly localName: string;
  readonly number: number;
  readonly group: PayloadGroup;
  readonly field: DescField;
}

/** Every payload, in the order of field numbers. */
export const payloadTypes: readonly PayloadType[] = EventSchema.fields
  .filter((field) => field.oneof?.name === 'payload')
  .map((field) => ({
    name: field.name,
    localName: field.localName,
    number: field.number,
    group: payloadGroups[Math.floor(field.number / 10) as keyof typeof payloadGroups],
    field,
  }));

const numbers = new Map(payloadTypes.map(({ localName, number }) => [localName, number]));

/** The field number of an event's payload; 0 where it has none. */
export function payloadNumberOf({ payload }: Pick<Event, 'payload'>): number {
  return numbers.get(payload.case ?? '') ?? 0;
}
