import type { webcrypto } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Config } from '../config.ts';
import { isPalateError, PalateError } from '../errors.ts';
import { type Caller, tenantsOf } from './caller.ts';
import { wordsOf } from './claims.ts';
import type { PermissionsOf } from './permissions.ts';

type Settings = Config['access']['jwt'];

/** Verifies a token and says whose it is. */
export type VerifySigned = (token: string) => Promise<Caller>;

/** Of several keys that a token without a key id may be of, so many are tried. */
const maxTries = 8;

/**
 * Verifies JSON Web Tokens (RFC 7519, with the advice of RFC 8725): signature by a key that the issuer has now, an algorithm
 * that is allowed, issuer, audience, `exp` (which has to be there) and `nbf`.
 *
 * The function throws TOKEN_INVALID, TOKEN_EXPIRED, KEYS_UNAVAILABLE; no message repeats any of the token.
 */
export function createVerifySigned(
  settings: Settings,
  keyFor: JWTVerifyGetKey,
  permissionsOf: PermissionsOf,
): VerifySigned {
  const options: JWTVerifyOptions = {
    algorithms: [...settings.algorithms],
    issuer: settings.issuer,
    audience: [...settings.audience],
    clockTolerance: settings.leewayMillis / 1_000,
    requiredClaims: ['exp'],
  };
  return async (token) => {
    try {
      return callerOf(await verify(token, keyFor, options), settings, permissionsOf);
    } catch (thrown) {
      throw refusalOf(thrown);
    }
  };
}

async function verify(token: string, keyFor: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keyFor, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tries = 0;
    for await (const key of error) {
      if (++tries > maxTries) break;
      const payload = await verifyWith(token, key, options);
      if (payload !== undefined) return payload;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

async function verifyWith(
  token: string,
  key: webcrypto.CryptoKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    throw error;
  }
}

function callerOf(payload: JWTPayload, settings: Settings, permissionsOf: PermissionsOf): Caller {
  const { tenantClaim, roleClaim, defaultRoles, leewayMillis } = settings;
  return {
    name: 'the token',
    tenants: tenantClaim === '' ? tenantsOf(['']) : tenantsOf(wordsOf(payload, tenantClaim) ?? []),
    permissions: permissionsOf(wordsOf(payload, roleClaim) ?? defaultRoles),
    expiresAtMillis: payload.exp! * 1_000 + leewayMillis,
  };
}

function refusalOf(thrown: unknown): PalateError {
  if (isPalateError(thrown)) return thrown;
  if (thrown instanceof errors.JWTExpired) return tokenExpired();
  return new PalateError('TOKEN_INVALID', sentenceFor(thrown), { cause: thrown });
}

/** The error of a token whose time is over. */
export function tokenExpired(): PalateError {
  return new PalateError('TOKEN_EXPIRED', 'the token has expired');
}

/** jose's own messages may name what came. */
function sentenceFor(thrown: unknown): string {
  if (thrown instanceof errors.JWTClaimValidationFailed) {
    const known = ['iss', 'aud', 'exp', 'nbf', 'iat'].includes(thrown.claim) ? thrown.claim : 'one of its claims';
    if (thrown.reason === 'missing') return `the token is not good here: it lacks ${known}`;
    return `the token is not good here: ${known} does not hold`;
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return "the token's signature does not hold";
  if (thrown instanceof errors.JOSEAlgNotAllowed)
    return 'the token is signed with an algorithm that is not allowed here';
  if (thrown instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that its issuer does not have';
  if (thrown instanceof errors.JWSInvalid || thrown instanceof errors.JWTInvalid)
    return 'the token is not one this server knows';
  return 'the token could not be verified';
}
