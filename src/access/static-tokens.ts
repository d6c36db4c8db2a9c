import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import { digestOf } from './bearer.ts';
import { type Caller, tenantsOf } from './caller.ts';
import type { PermissionsOf } from './permissions.ts';

/** The caller that a token's digest belongs to. */
export type FindStatic = (digest: string) => Caller | undefined;

type Tokens = Config['access']['tokens'];

/** A shorter token could be guessed. */
const leastTokenCharacters = 16;

/**
 * Reads the tokens of the configuration, those in files from there.
 *
 * @throws PalateError CONFIG_INVALID for a file that cannot be read or holds no token, and for a token with two names.
 */
export function readStaticTokens(tokens: Tokens, permissionsOf: PermissionsOf): FindStatic {
  const known = new Map<string, { readonly digest: Buffer; readonly caller: Caller }>();
  for (const [name, { sha256, file, tenants, roles }] of Object.entries(tokens)) {
    const digest = sha256 === '' ? digestOf(readToken(name, file)) : sha256;
    const caller = {
      name: `the token ${name}`,
      tenants: tenantsOf(tenants),
      permissions: permissionsOf(roles),
      expiresAtMillis: Number.POSITIVE_INFINITY,
    };
    if (known.has(digest))
      throw new PalateError('CONFIG_INVALID', `access.tokens.${name} is the token of another name.`);
    known.set(digest, { digest: Buffer.from(digest, 'hex'), caller });
  }
  return (digest) => {
    const found = known.get(digest);
    return found !== undefined && timingSafeEqual(found.digest, Buffer.from(digest, 'hex')) ? found.caller : undefined;
  };
}

function readToken(name: string, file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new PalateError('CONFIG_INVALID', `access.tokens.${name}: the file ${file} cannot be read.`, { cause });
  }
  if (token.length >= leastTokenCharacters && /^[A-Za-z0-9._~+/-]+=*$/.test(token)) return token;
  const message = `access.tokens.${name}: the file ${file} holds no token of at least ${leastTokenCharacters} letters, digits or -._~+/`;
  throw new PalateError('CONFIG_INVALID', message);
}
