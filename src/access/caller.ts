import type { Permissions } from './permissions.ts';

/** Who calls, as far as their credentials say. */
export interface Caller {
  /** For messages: `the token checkout`, by its name in the configuration; `the token`, of one that was signed. */
  readonly name: string;
  readonly tenants: ReadonlySet<string> | 'all';
  readonly permissions: Permissions;
  /** True: it has no credentials, and may call all the same. */
  readonly isAnonymous?: boolean;
  /** When the credentials end, in milliseconds since the epoch; Infinity where they do not. */
  readonly expiresAtMillis: number;
}

/** The tenants that a list of names means: `*` is all, '' the default one. */
export function tenantsOf(names: readonly string[]): Caller['tenants'] {
  return names.includes('*') ? 'all' : new Set(names);
}

/** May the caller act for this tenant? */
export function isFor({ tenants }: Caller, tenant: string): boolean {
  return tenants === 'all' || tenants.has(tenant);
}
