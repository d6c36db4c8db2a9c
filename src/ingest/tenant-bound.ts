/** How many tenants there may be: each has a window of ids and a state of its own, so names alone would fill the memory. */

import { PalateError } from '../errors.ts';
import type { Duplicates } from './duplicates.ts';

export interface TenantBoundOptions {
  readonly max: number;
  /** Those that published since the start, or of whose events ids are remembered. */
  readonly windows: Pick<Duplicates, 'has' | 'tenants'>;
  /** Those of the whole journal, where the state of this process knows. */
  readonly state?: { has(tenant: string): boolean; count(): number } | undefined;
}

/** Makes what is asked before a batch is looked at. It throws TENANTS_FULL for one more than there may be. */
export function createTenantBound({ max, windows, state }: TenantBoundOptions): (tenant: string) => void {
  return (tenant) => {
    if (windows.has(tenant) || state?.has(tenant) === true) return;
    const count = Math.max(windows.tenants, state?.count() ?? 0);
    if (count < max) return;
    const message = `there are ${count} tenants, and the one of this call would be another: ingest.maxTenants is ${max}`;
    throw new PalateError('TENANTS_FULL', message, { metadata: { max_tenants: String(max) } });
  };
}
