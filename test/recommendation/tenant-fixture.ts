/** Makes state from events, written as their JSON. */
import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { defaultFoldSettings } from '../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../src/recommendation/fold/state.ts';
import type { TenantState } from '../../src/recommendation/fold/tenant-state.ts';

/** When the first event of a fixture happens, in seconds since 1970; each event comes a second later. */
export const beginSeconds = 1_700_000_000;

export function eventOf(json: JsonObject, atSeconds = beginSeconds): Event {
  const occurredAt = new Date(atSeconds * 1_000).toISOString();
  return fromJson(EventSchema, { eventId: '0190c3f0-0000-7000-8000-000000000000', occurredAt, ...json });
}

/** Folds events into a state, one tenant after the other. */
export function foldInto(state: State, events: readonly JsonObject[], tenant = ''): TenantState {
  for (const json of events) {
    const sequence = state.sequence + 1;
    const seconds = beginSeconds + sequence;
    state.apply({ sequence, appendedAtMicros: seconds * 1e6, tenant }, eventOf(json, seconds));
  }
  const found = state.tenant(tenant);
  if (found === undefined) throw new Error('a fixture needs at least one event');
  return found;
}

export function freshState(): State {
  return createState(defaultFoldSettings);
}

export function tenantOf(events: readonly JsonObject[]): TenantState {
  return foldInto(freshState(), events);
}

export function viewed(sessionId: string, ...itemIds: readonly string[]): JsonObject[] {
  return itemIds.map((itemId) => ({ sessionId, itemViewed: { itemId } }));
}

export function viewedBy(userId: string, ...itemIds: readonly string[]): JsonObject[] {
  return itemIds.map((itemId) => ({ userId, itemViewed: { itemId } }));
}

export function upserted(itemId: string, attributes: JsonObject = {}): JsonObject {
  return { itemUpserted: { itemId, attributes } };
}
