/** Takes an event apart and gives it to the applier of its type. */
import type { Event } from '../../../../gen/palate/event/v1/event_pb.ts';
import { eventTypeNumbers, type PayloadCase, type PayloadValue } from '../event-types.ts';
import type { TenantState } from '../tenant-state.ts';
import { browseAppliers } from './browse.ts';
import { catalogueAppliers } from './catalogue.ts';
import { controlAppliers } from './control.ts';
import { intentAppliers } from './intent.ts';
import { loopAppliers } from './loop.ts';
import { mealAppliers } from './meals.ts';
import type { Occasion } from './occasion.ts';
import { orderAppliers } from './orders.ts';
import { outcomeAppliers } from './outcome.ts';
import { peopleAppliers } from './people.ts';
import { microsOf } from './values.ts';

type Appliers = { readonly [C in PayloadCase]: Applier<PayloadValue<C>> };
type Applier<V> = (tenant: TenantState, occasion: Occasion, value: V) => void;

/** One for each type of event. */
export const appliers: Appliers = {
  ...catalogueAppliers,
  ...peopleAppliers,
  ...browseAppliers,
  ...intentAppliers,
  ...orderAppliers,
  ...outcomeAppliers,
  ...loopAppliers,
  ...controlAppliers,
  ...mealAppliers,
};

const occasion: Occasion = { occurredAtMicros: 0, person: -1, userId: '', visitorId: '', sessionKey: '', eventType: 0 };

/** An event without a time of its own happened when it was journalled. One without a payload changes nothing. */
export function applyEvent(tenant: TenantState, event: Event, appendedAtMicros: number): void {
  const { payload, occurredAt, userId, visitorId } = event;
  if (payload.case === undefined) return;
  const atMicros = occurredAt === undefined ? appendedAtMicros : microsOf(occurredAt);
  occasion.occurredAtMicros = atMicros;
  occasion.userId = userId;
  occasion.visitorId = visitorId;
  occasion.sessionKey = event.sessionId;
  occasion.eventType = eventTypeNumbers[payload.case];
  tenant.events++;
  if (atMicros > tenant.lastOccurredAtMicros) tenant.lastOccurredAtMicros = atMicros;
  occasion.person = tenant.people.enter(userId, visitorId, atMicros);
  (appliers[payload.case] as Applier<unknown>)(tenant, occasion, payload.value);
}
