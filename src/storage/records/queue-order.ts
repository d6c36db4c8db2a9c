/** The order of the expert's queue, as bytes that sort the same way, and the tokens of its pages. */

import { createHash } from 'node:crypto';
import { PalateError } from '../../errors.ts';
import type { Photo } from './merge.ts';
import type { QueueQuery } from './score-records.ts';

/** The parts of the queue, in their order. */
export const queueParts = { waiting: 0, reviewed: 1, rejected: 2 } as const;

export type QueuePart = (typeof queueParts)[keyof typeof queueParts];

/** Bytes of a place: the part, the uncertainty and the image id. */
export const placeBytes = 1 + 8 + 16;

/** A photo's place: by part, then the most uncertain first, then by image id. */
export function queuePlace({ imageIds, word, review }: Photo): Buffer {
  const place = Buffer.alloc(placeBytes);
  place[0] = partOf(word.rejection !== undefined, review !== undefined);
  fallingBytes(word.uncertainty).copy(place, 1);
  uuidBytes(imageIds[0]!)!.copy(place, 9);
  return place;
}

/** The parts that a query asks for. */
export function partsOf({ includeReviewed, includeRejected }: QueueQuery): QueuePart[] {
  const { waiting, reviewed, rejected } = queueParts;
  return [waiting, ...(includeReviewed ? [reviewed] : []), ...(includeRejected ? [rejected] : [])];
}

/** The first and the last place that a part can have for a query. */
export function partRange(part: QueuePart, minUncertainty: number): { readonly first: Buffer; readonly last: Buffer } {
  const first = Buffer.alloc(placeBytes);
  const last = Buffer.alloc(placeBytes, 0xff);
  first[0] = part;
  last[0] = part;
  fallingBytes(minUncertainty).copy(last, 1);
  return { first, last };
}

function partOf(isRejected: boolean, isReviewed: boolean): QueuePart {
  if (isReviewed) return queueParts.reviewed;
  return isRejected ? queueParts.rejected : queueParts.waiting;
}

/** The bits of a double that is not negative rise with it; turned over they fall. */
function fallingBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  // -0 has the sign's bit set.
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  for (let at = 0; at < bytes.length; at++) bytes[at] = 255 - bytes[at]!;
  return bytes;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The 16 bytes of a UUID in either case; undefined: it is none. */
export function uuidBytes(text: string): Buffer | undefined {
  return uuid.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined;
}

const version = 1;
const digestBytes = 6;
const tokenBytes = 1 + digestBytes + placeBytes;

/** The token of the page after a place. It holds for this query only; the limit may change. */
export function encodeQueueToken(query: QueueQuery, place: Uint8Array): string {
  return Buffer.concat([Buffer.of(version), digestOf(query), place]).toString('base64url');
}

/**
 * The place after which a page begins; undefined: at the beginning.
 * @throws PalateError INVALID_PAGE_TOKEN where the token is none of ours, or of another query.
 */
export function decodeQueueToken(query: QueueQuery): Buffer | undefined {
  const { pageToken } = query;
  if (pageToken === '') return undefined;
  const bytes = Buffer.from(pageToken, 'base64url');
  const isOurs = bytes.length === tokenBytes && bytes[0] === version && bytes.toString('base64url') === pageToken;
  if (!isOurs) throw new PalateError('INVALID_PAGE_TOKEN', 'page_token is not a token that this service gave');
  if (!bytes.subarray(1, 1 + digestBytes).equals(digestOf(query))) {
    throw new PalateError('INVALID_PAGE_TOKEN', 'page_token belongs to another request: only page_size may differ');
  }
  return bytes.subarray(1 + digestBytes);
}

function digestOf({ includeReviewed, includeRejected, minUncertainty }: QueueQuery): Buffer {
  const asked = JSON.stringify([includeReviewed, includeRejected, minUncertainty]);
  return createHash('sha256').update(asked).digest().subarray(0, digestBytes);
}
