import { PalateError } from '../errors.ts';

/** The metadata key that names the tenant of a call. Absent means the default tenant, whose name is ''. */
export const tenantHeader = 'palate-tenant';

/** What a tenant is called: a DNS label, so that it may stand in a path, a topic or a bucket as it is. */
const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Reads the tenant of a call from its metadata value.
 *
 * @returns '' for the default tenant.
 * @throws PalateError INVALID_TENANT. The message repeats the value only in part: it came from outside.
 */
export function parseTenant(value: string | undefined): string {
  if (value === undefined || value === '') return '';
  if (tenantPattern.test(value)) return value;
  const shown = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  throw new PalateError(
    'INVALID_TENANT',
    `${tenantHeader} ${shown} is not a tenant: use 1 to 63 of a-z, 0-9 and "-", beginning with a letter or digit`,
  );
}
