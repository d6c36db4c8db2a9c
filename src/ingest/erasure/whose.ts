/**
 * Whose a record is. A record belongs to its user; without one to its visitor, which means to the user that the visitor
 * turned out to be; without either to the person of its session; and one that names nobody at all to the person of the
 * order, photo or recommendation that it is about. A refund of their order and an expert's word on their photo are theirs
 * whoever is named.
 */

import type { JournalRecord } from '../../journal/record.ts';
import type { IdKind } from './digester.ts';
import type { ErasedIds } from './erased-ids.ts';
import { isEmpty, type Place, payloads, RecordIds } from './record-ids.ts';

const ids = new RecordIds();

/** Whether a record goes with the people whose ids these are. The record of an erasure itself stays. */
export function isTheirs(erased: ErasedIds, record: JournalRecord): boolean {
  if (!ids.read(record.event) || ids.payload === payloads.userErased) return false;
  const { user, visitor, session, thing, thingKind } = ids;
  const holds = (kind: IdKind, { from, to }: Place) =>
    erased.holds(record.tenant, kind, record.event, from, to, record.sequence);
  const isAbout = thingKind !== undefined && !isEmpty(thing) && holds(thingKind, thing);
  if (!isEmpty(user)) return holds('user', user) || (isAbout && isSaidByOthers(ids.payload));
  if (!isEmpty(visitor)) return holds('visitor', visitor) || (isAbout && isSaidByOthers(ids.payload));
  return isAbout || (!isEmpty(session) && holds('session', session));
}

function isSaidByOthers(payload: number): boolean {
  return payload === payloads.mealReviewed || payload === payloads.orderRefunded;
}

/** Whether the record names a user or a visitor. */
export function namesPerson({ user, visitor }: RecordIds): boolean {
  return !isEmpty(user) || !isEmpty(visitor);
}
