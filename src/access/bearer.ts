import { hash, randomBytes } from 'node:crypto';
import { PalateError } from '../errors.ts';

/** `Bearer` and a token68, RFC 6750, section 2.1; the scheme's case does not matter, RFC 9110, section 11.1. */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * The token of an `authorization` header.
 *
 * @throws PalateError TOKEN_INVALID. No message repeats any of the header.
 */
export function parseBearer(header: string, maxBytes: number): string {
  if (header.length > maxBytes + 16) {
    throw new PalateError('TOKEN_INVALID', `the token is longer than the ${maxBytes} bytes that are taken`);
  }
  const token = bearer.exec(header)?.[1];
  if (token === undefined) {
    throw new PalateError('TOKEN_INVALID', 'the authorization header is not "Bearer" and a token');
  }
  return token;
}

/** A token that nobody can guess: 256 random bits, in 43 characters. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The SHA-256 of a token in hexadecimal. Tokens are known by it everywhere: none is kept, and however long it takes to find one
 * says nothing of a token, since nobody can choose what the digest of a guess begins with.
 */
export function digestOf(token: string): string {
  return hash('sha256', token, 'hex');
}
