import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import { type Authorize, allowAll, createAuthorize } from './authorize.ts';
import type { Caller } from './caller.ts';
import { certificateFinder } from './certificate-names.ts';
import { type AccessLog, KeySet } from './key-set.ts';
import { keysFromFile, keysFromUrl } from './key-source.ts';
import { listensOnLoopbackOnly } from './listening.ts';
import { compileRoles, type PermissionsOf } from './permissions.ts';
import { createVerifySigned } from './signed-tokens.ts';
import { readStaticTokens } from './static-tokens.ts';
import { TokenCache } from './token-cache.ts';

type Access = Config['access'];

/** Is there anything by which a caller could be known? */
export function hasCredentials({ tokens, certificates, jwt }: Access): boolean {
  const isSigned = jwt.jwksFile !== '' || jwt.jwksUrl !== '';
  return isSigned || Object.keys(tokens).length > 0 || Object.keys(certificates).length > 0;
}

/**
 * A server that others can reach has to know who calls.
 *
 * @throws PalateError ACCESS_OPEN, which says every way out; CONFIG_INVALID for a host that is no address.
 */
export async function assertClosed({ host, access }: Pick<Config, 'host' | 'access'>): Promise<void> {
  if (hasCredentials(access) || access.allowAnonymous || (await listensOnLoopbackOnly(host))) return;
  throw new PalateError(
    'ACCESS_OPEN',
    `host ${host} can be reached from other machines, and no credentials are configured: anyone could read and write ` +
      'everything. Either say who may call (access.tokens, access.jwt or access.certificates; docs/access.md has examples), ' +
      'or let anyone in on purpose: --allow-anonymous, or access.allowAnonymous: true.',
  );
}

/** Makes the rule of a server, and reads what it needs. */
export async function openAccess(access: Access, log: AccessLog): Promise<Authorize> {
  if (!hasCredentials(access) && !access.allowAnonymous) return allowAll;
  const permissionsOf = compileRoles(access.roles);
  const { open, maxTokenBytes, tokens, certificates } = access;
  return createAuthorize({
    open,
    maxTokenBytes,
    findStatic: Object.keys(tokens).length > 0 ? readStaticTokens(tokens, permissionsOf) : undefined,
    signed: await openSigned(access.jwt, permissionsOf, log),
    findCertificate: certificateFinder(certificates, permissionsOf),
    anonymous: access.allowAnonymous ? anonymous(permissionsOf(access.anonymousRoles)) : undefined,
  });
}

function anonymous(permissions: Caller['permissions']): Caller {
  const expiresAtMillis = Number.POSITIVE_INFINITY;
  return { name: 'callers without a token', tenants: 'all', permissions, isAnonymous: true, expiresAtMillis };
}

async function openSigned(
  jwt: Access['jwt'],
  permissionsOf: PermissionsOf,
  log: AccessLog,
): Promise<TokenCache | undefined> {
  const { jwksFile, jwksUrl, timeoutMillis } = jwt;
  if (jwksFile === '' && jwksUrl === '') return undefined;
  const keys = new KeySet({
    read: jwksFile === '' ? keysFromUrl(jwksUrl, timeoutMillis) : keysFromFile(jwksFile),
    source: jwksFile === '' ? jwksUrl : jwksFile,
    refreshMillis: jwt.refreshEveryMillis,
    cooldownMillis: jwt.refreshCooldownMillis,
    keepMillis: jwt.keepKeysForMillis,
    log,
  });
  // An address may answer later; a file that is not there is a mistake.
  if (!(await keys.read()) && jwksFile !== '') {
    throw new PalateError(
      'CONFIG_INVALID',
      `access.jwt.jwksFile: ${jwksFile} is no JSON Web Key Set that can be read.`,
    );
  }
  return new TokenCache({
    verify: createVerifySigned(jwt, keys.keyFor, permissionsOf),
    maxTokens: jwt.maxCachedTokens,
    cacheMillis: jwt.cacheForMillis,
  });
}
