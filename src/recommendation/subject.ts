import { isMasked } from './erasure/masks.ts';
import type { TenantState } from './fold/tenant-state.ts';

/** For whom, as a request says it: '' and empty lists are absent. */
export interface SubjectRequest {
  readonly userId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  readonly recentItemIds: readonly string[];
  readonly contextItemId: string;
}

/** For whom, in the tenant's numbers. */
export interface Subject {
  /** The person, if known and if they allow personal recommendations; -1: none. */
  readonly person: number;
  /** The session's items, oldest first, negative where the state does not know the item (see `Query.session`). */
  readonly session: Int32Array;
  /** The session in the state; -1: none. */
  readonly sessionNumber: number;
}

/** Nobody, and no session. */
export const nobody: Subject = { person: -1, session: new Int32Array(0), sessionNumber: -1 };

/**
 * Finds person and session. The session is `recentItemIds`, else that of `sessionId`, else the person's latest; the
 * context item is its newest. Of a person who forbade personal recommendations nothing is used but what the request
 * itself says.
 */
export function resolveSubject(tenant: TenantState, request: SubjectRequest): Subject {
  const found = personOf(tenant, request);
  const known = found === undefined || isMasked(tenant, found) ? undefined : found;
  const isPersonal = known === undefined || tenant.people.isPersonalised(known);
  const sessionNumber = sessionOf(tenant, request, known) ?? -1;
  const given = request.recentItemIds;
  let session: Int32Array = nobody.session;
  if (given.length > 0) session = numbersOf(tenant, given);
  else if (sessionNumber !== -1 && isPersonal) session = tenant.sessions.itemsOf(sessionNumber);
  return {
    person: known !== undefined && isPersonal ? known : -1,
    session: request.contextItemId === '' ? session : withNewest(tenant, session, request.contextItemId),
    sessionNumber,
  };
}

function personOf(tenant: TenantState, { userId, visitorId, sessionId }: SubjectRequest): number | undefined {
  if (userId !== '' || visitorId !== '') return tenant.people.numberOf({ userId, visitorId });
  const session = sessionId === '' ? undefined : tenant.sessions.numberOf(sessionId);
  const person = session === undefined ? -1 : tenant.sessions.personOf(session);
  return person === -1 ? undefined : tenant.people.resolve(person);
}

function sessionOf(tenant: TenantState, { sessionId }: SubjectRequest, person: number | undefined): number | undefined {
  if (sessionId !== '') return unmasked(tenant, tenant.sessions.numberOf(sessionId));
  return person === undefined ? undefined : tenant.sessions.latestOf(person);
}

/** The session, unless it is of somebody who is to be erased. */
function unmasked(tenant: TenantState, session: number | undefined): number | undefined {
  if (session === undefined) return undefined;
  const person = tenant.sessions.personOf(session);
  return person !== -1 && isMasked(tenant, tenant.people.resolve(person)) ? undefined : session;
}

/** Unknown items get the negative number of their first place, so that equal ids stay equal. */
function numbersOf(tenant: TenantState, itemIds: readonly string[]): Int32Array {
  return Int32Array.from(itemIds, (id) => tenant.catalogue.numberOf(id) ?? -1 - itemIds.indexOf(id));
}

/** Below every number that `numbersOf` gives. */
const unknownContext = -0x8000_0000;

function withNewest(tenant: TenantState, session: Int32Array, itemId: string): Int32Array {
  const item = tenant.catalogue.numberOf(itemId) ?? unknownContext;
  if (session.at(-1) === item) return session;
  const longer = new Int32Array(session.length + 1);
  longer.set(session);
  longer[session.length] = item;
  return longer;
}
