/** Makes events and folds them, for the tests of the fold. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { PayloadCase } from '../../../src/recommendation/fold/event-types.ts';
import { defaultFoldSettings, type FoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../../src/recommendation/fold/state.ts';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';

type EventInit = Exclude<MessageInitShape<typeof EventSchema>, Event>;
type PayloadInit = Exclude<EventInit['payload'], undefined | { case?: undefined }>;
type ValueInit<C extends PayloadCase> = Extract<PayloadInit, { case: C }>['value'];

/** The moment at which the tests' days begin, in seconds. */
export const startSeconds = 1_700_000_000;
export const secondMicros = 1_000_000;

interface Common {
  readonly user?: string;
  readonly visitor?: string;
  readonly session?: string;
  /** Seconds after the start; may have fractions to the microsecond. */
  readonly at?: number;
}

/** An event of that type. */
export function event<C extends PayloadCase>(type: C, value: ValueInit<C>, common: Common = {}): Event {
  const micros = Math.round((common.at ?? 0) * secondMicros) + startSeconds * secondMicros;
  const init = {
    eventId: '018f5d2a-0000-7000-8000-000000000000',
    userId: common.user ?? '',
    visitorId: common.visitor ?? '',
    sessionId: common.session ?? '',
    occurredAt: {
      seconds: BigInt(Math.floor(micros / secondMicros)),
      nanos: (micros - Math.floor(micros / secondMicros) * secondMicros) * 1_000,
    },
    payload: { case: type, value },
  };
  return create(EventSchema, init as EventInit);
}

/** Folds more events into a state. */
export function apply(state: State, events: readonly Event[], tenant = 'default'): void {
  for (const one of events) {
    state.apply({ sequence: state.sequence + 1, appendedAtMicros: startSeconds * secondMicros, tenant }, one);
  }
}

/** The state of one tenant after these events. */
export function folded(events: readonly Event[], settings: Partial<FoldSettings> = {}): TenantState {
  const state = createState({ ...defaultFoldSettings, ...settings });
  apply(state, events);
  return state.tenant('default')!;
}

/** The number of an item that some event named. */
export function item(tenant: TenantState, itemId: string): number {
  return tenant.catalogue.numberOf(itemId)!;
}

/** The number of a user or visitor that some event named. */
export function person(tenant: TenantState, ids: { readonly user?: string; readonly visitor?: string }): number {
  return tenant.people.numberOf({ userId: ids.user ?? '', visitorId: ids.visitor ?? '' })!;
}

/** The items of a session by their ids, oldest first. */
export function sessionItems(tenant: TenantState, session: number): string[] {
  return Array.from(tenant.sessions.itemsOf(session), (one) => tenant.catalogue.idOf(one));
}

/** The partners of an item by their ids, with their weights. */
export function partners(tenant: TenantState, itemId: string): Record<string, number> {
  const into = new Int32Array(1_000);
  const weights = new Float64Array(1_000);
  const count = tenant.coOccurrence.neighbours(item(tenant, itemId), into, weights);
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [tenant.catalogue.idOf(into[i]!), weights[i]!]));
}

/** Whether two numbers are equal but for rounding. */
export function isClose(a: number, b: number, relative = 1e-9): boolean {
  return Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-290;
}
