/** What all events have in common that show interest in an item. */
import { entries } from '../tally-log.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';

/** A visit of an item: it goes into the session, is paired with those before it, and counts for popularity. */
export function visit(tenant: TenantState, occasion: Occasion, item: number, weight: number): void {
  const { person, occurredAtMicros } = occasion;
  const session = enterSession(tenant, occasion, true);
  if (session !== -1) {
    pair(tenant, session, item, occurredAtMicros);
    tenant.sessions.visit(session, item);
  }
  signal(tenant, item, weight, occurredAtMicros);
  tenant.people.addInteraction(person, item, occasion.eventType, occurredAtMicros);
}

/** The session that the event belongs to; -1: none. One that has to begin does so only with a visit. */
export function enterSession(tenant: TenantState, occasion: Occasion, begins: boolean): number {
  const { person } = occasion;
  const session = tenant.sessions.enter(person, occasion.sessionKey, occasion.occurredAtMicros, begins);
  if (session !== -1 && person !== -1) {
    tenant.sessions.assign(session, tenant.people.isPersonalised(person) ? tenant.people.handleOf(person) : -1);
  }
  return session;
}

/** Counts for an item's popularity, now and in the long run. */
export function signal(tenant: TenantState, item: number, weight: number, atMicros: number): void {
  if (weight === 0) return;
  if (tenant.tallyLog === undefined) {
    tenant.popularity.add(item, weight, atMicros);
    tenant.trending.add(item, weight, atMicros);
  } else tenant.tallyLog.note(entries.signal, item, weight, atMicros);
}

const recent = new Int32Array(128);
/** The bound of the window in the settings. */
const partners = new Int32Array(100);

/** Pairs an item with the different ones visited before it; a repeat of the newest is nothing new. */
function pair(tenant: TenantState, session: number, item: number, atMicros: number): void {
  const { sessions, coOccurrence, tallyLog } = tenant;
  const count = sessions.copyItems(session, recent);
  if (count === 0 || recent[0] === item) return;
  const most = tenant.settings.coOccurrenceWindow;
  let paired = 0;
  for (let i = 0; i < count && paired < most; i++) {
    const other = recent[i]!;
    if (other !== item && !isAmong(other, paired)) partners[paired++] = other;
  }
  if (tallyLog === undefined) coOccurrence.pair(item, partners, paired, atMicros);
  else tallyLog.notePairs(item, partners, paired, atMicros);
}

function isAmong(item: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (partners[i] === item) return true;
  return false;
}
