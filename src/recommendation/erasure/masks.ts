/**
 * People who are to be erased and are in the state still: from the moment at which their erasure is acknowledged until the
 * state has been folded anew without them, nobody gets to see them. It lies beside the state and not in it, for the fold
 * knows of an erasure only whom it cannot name.
 */

import type { TenantState } from '../fold/tenant-state.ts';

/** By handle: a number is somebody else's once a person was forgotten. */
const masked = new WeakMap<TenantState, Set<number>>();

/** Masks a user, and the visitors that turned out to be them. To be called when all that is durable of them is folded. */
export function maskUser(tenant: TenantState | undefined, userId: string): void {
  const person = tenant?.people.numberOf({ userId });
  if (tenant === undefined || person === undefined) return;
  const handle = tenant.people.handleOf(person);
  const people = masked.get(tenant);
  if (people === undefined) masked.set(tenant, new Set([handle]));
  else people.add(handle);
}

/** `person`: a number as `People.numberOf` and `People.resolve` give it. */
export function isMasked(tenant: TenantState, person: number): boolean {
  return masked.get(tenant)?.has(tenant.people.handleOf(person)) ?? false;
}

/** Whether somebody of the tenant is to be erased and is in the state still. */
export function hasMasked(tenant: TenantState | undefined): boolean {
  return tenant !== undefined && masked.has(tenant);
}
