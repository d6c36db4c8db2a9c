/** Keys and tokens of an issuer, for tests. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWK, type JWTPayload, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  /** As a key set has it. */
  readonly jwk: JWK;
}

export const issuer = 'https://login.example.com';
export const audience = 'palate';

/** An Ed25519 key, which signs within microseconds; or a key for ES256 or RS256. */
export function signingKey(kid: string, algorithm: 'EdDSA' | 'ES256' | 'RS256' = 'EdDSA'): SigningKey {
  const { privateKey, publicKey } = pairFor(algorithm);
  const jwk = { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, jwk };
}

function pairFor(algorithm: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2_048 });
}

export interface TokenInit {
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly audience?: string;
  /** From now; undefined: a token without an end. */
  readonly expiresInSeconds?: number | undefined;
  readonly header?: Readonly<Record<string, string>>;
}

/** Signs a token, by default one that is good for an hour. */
export async function sign(key: SigningKey, init: TokenInit = {}): Promise<string> {
  const { claims = { tenants: '*', roles: 'operator' }, header = {} } = init;
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...header })
    .setIssuer(init.issuer ?? issuer)
    .setAudience(init.audience ?? audience);
  const now = Math.floor(Date.now() / 1_000);
  const seconds = 'expiresInSeconds' in init ? init.expiresInSeconds : 3_600;
  if (seconds !== undefined) token.setExpirationTime(now + seconds);
  return token.sign(key.privateKey);
}

/** A key set of these keys. */
export function keySetOf(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}
