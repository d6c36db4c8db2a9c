import { createHash } from 'node:crypto';
import { PalateError } from '../errors.ts';

/** The first byte of a token: its format. */
const version = 1;
const digestBytes = 12;
const tokenBytes = 1 + 4 + digestBytes;

/** How far a list can be paged: candidates passed, whether they were shown or not. */
export const maxPosition = 100_000;

/**
 * The token of the next page: where the walk over the candidates stopped, tied to what was asked. `request` has all
 * that fixes the list; the size of a page may differ from page to page.
 */
export function encodePageToken(request: readonly string[], position: number): string {
  const bytes = Buffer.alloc(tokenBytes);
  bytes[0] = version;
  bytes.writeUInt32BE(position, 1);
  digest(request).copy(bytes, 5, 0, digestBytes);
  return bytes.toString('base64url');
}

/**
 * Where the page of a token begins; 0 for ''.
 * @throws PalateError INVALID_PAGE_TOKEN where it is none of ours, or another request's.
 */
export function decodePageToken(request: readonly string[], token: string): number {
  if (token === '') return 0;
  const bytes = Buffer.from(token, 'base64url');
  const isOurs = bytes.length === tokenBytes && bytes[0] === version && bytes.toString('base64url') === token;
  if (!isOurs) throw new PalateError('INVALID_PAGE_TOKEN', 'page_token is not a token that this service gave');
  if (!bytes.subarray(5).equals(digest(request).subarray(0, digestBytes))) {
    throw new PalateError('INVALID_PAGE_TOKEN', 'page_token belongs to another request: only page_size may differ');
  }
  const position = bytes.readUInt32BE(1);
  if (position > maxPosition) throw new PalateError('INVALID_PAGE_TOKEN', 'page_token leads beyond the end');
  return position;
}

/** JSON keeps the parts apart: no two lists of texts have the same. */
function digest(request: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(request)).digest();
}
