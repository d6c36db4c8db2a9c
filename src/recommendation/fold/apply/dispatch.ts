/** Takes an event apart and gives it to the applier of its type. */
import type { Event } from '../../../../gen/palate/event/v1/event_pb.ts';
import { eventSlots, type ScannedPayload } from '../../../events/scanned-event.ts';
import type { EventScanner } from '../../../events/scanner.ts';
import { eventTypeNumbers, type Payload, type PayloadCase, type PayloadValue } from '../event-types.ts';
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
import { type ScannedApplier, scannedAppliers } from './scanned.ts';
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

const occasion: Occasion = { occurredAtMicros: 0, person: -1, userId: '', visitorId: '', sessionKey: -1, eventType: 0 };

/** An event without a time of its own happened when it was journalled. One without a payload changes nothing. */
export function applyEvent(tenant: TenantState, event: Event, appendedAtMicros: number): void {
  const { payload, occurredAt, userId, visitorId } = event;
  if (payload.case === undefined) return;
  const atMicros = occurredAt === undefined ? appendedAtMicros : microsOf(occurredAt);
  occasion.userId = userId;
  occasion.visitorId = visitorId;
  occasion.sessionKey = tenant.sessions.keyNumber(event.sessionId);
  begin(tenant, atMicros, eventTypeNumbers[payload.case]);
  occasion.person = tenant.people.enter(userId, visitorId, atMicros);
  (appliers[payload.case] as Applier<unknown>)(tenant, occasion, payload.value);
}

const byNumber: (ScannedApplier | undefined)[] = [];
for (const [name, applier] of Object.entries(scannedAppliers)) {
  byNumber[eventTypeNumbers[name as ScannedPayload]] = applier;
}

/**
 * As `applyEvent`, for an event that a scanner has read. `payload`: of one that it does not read itself, from `payloadOf`;
 * for the others null.
 */
export function applyScanned(
  tenant: TenantState,
  event: EventScanner,
  payload: Payload | null,
  appendedAtMicros: number,
): void {
  const occurredAt = event.occurredAtMicros();
  const atMicros = Number.isNaN(occurredAt) ? appendedAtMicros : occurredAt;
  const { sessionId, userId, visitorId } = eventSlots;
  occasion.sessionKey = tenant.sessions.keyNumberIn(event.bytes, event.from(sessionId), event.to(sessionId));
  begin(tenant, atMicros, event.payload);
  occasion.person = personOf(tenant, event, atMicros);
  if (payload === null) {
    byNumber[event.payload]!(tenant, occasion, event);
    return;
  }
  occasion.userId = event.text(userId);
  occasion.visitorId = event.text(visitorId);
  (appliers[payload.case] as Applier<unknown>)(tenant, occasion, payload.value);
}

function begin(tenant: TenantState, atMicros: number, eventType: number): void {
  occasion.occurredAtMicros = atMicros;
  occasion.eventType = eventType;
  tenant.events++;
  if (atMicros > tenant.lastOccurredAtMicros) tenant.lastOccurredAtMicros = atMicros;
}

function personOf({ people }: TenantState, event: EventScanner, atMicros: number): number {
  const { userId, visitorId } = eventSlots;
  if (!event.isEmpty(userId)) return people.enterUser(event.bytes, event.from(userId), event.to(userId), atMicros);
  if (event.isEmpty(visitorId)) return -1;
  return people.enterVisitor(event.bytes, event.from(visitorId), event.to(visitorId), atMicros);
}
