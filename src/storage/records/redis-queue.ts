/** The expert's queue in Redis. */

import { decodeQueueToken, partRange, partsOf, placeBytes } from './queue-order.ts';
import { pageOf, type Queued } from './queue-page.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisTenantKeys } from './redis-keys.ts';
import { queueMember, readFrom } from './redis-photos.ts';
import type { QueuePage, QueueQuery } from './score-records.ts';

/** Members between two bounds, in Redis's own notation. */
interface Span {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** Behind every member that begins with a place. */
const beyond = Buffer.alloc(33, 0xff);

/** One page, as `ScoreRecords.list` has it. */
export async function listQueue(at: RedisConnection, keys: RedisTenantKeys, query: QueueQuery): Promise<QueuePage> {
  const page: Queued[] = [];
  for (const span of spansOf(query)) {
    // One more than fits tells that there is a next page.
    for await (const queued of within(at, keys, span, query.limit + 1)) {
      page.push(queued);
      if (page.length > query.limit) return pageOf(query, page);
    }
  }
  return pageOf(query, page);
}

function spansOf(query: QueueQuery): Span[] {
  const after = decodeQueueToken(query);
  return partsOf(query)
    .filter((part) => after === undefined || part >= after[0]!)
    .map((part) => {
      const { first, last } = partRange(part, query.minUncertainty);
      const isWithin = after !== undefined && part === after[0];
      const from = isWithin ? bound('(', after, beyond) : bound('[', first);
      return { from, to: bound('[', last, beyond) };
    });
}

function bound(kind: '[' | '(', ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(kind), ...parts]);
}

async function* within(
  at: RedisConnection,
  keys: RedisTenantKeys,
  { from, to }: Span,
  limit: number,
): AsyncGenerator<Queued> {
  let next = from;
  for (;;) {
    const start = next;
    const members = await at.run((redis) => redis.zrangeBuffer(keys.queue, start, to, 'BYLEX', 'LIMIT', 0, limit));
    if (members.length > 0) yield* await photosAt(at, keys, members);
    const last = members.at(-1);
    if (last === undefined || members.length < limit) return;
    next = bound('(', last);
  }
}

async function photosAt(at: RedisConnection, keys: RedisTenantKeys, members: readonly Buffer[]): Promise<Queued[]> {
  const hashes = members.map((member) => member.toString('hex', placeBytes));
  const all = await at.run((redis) => redis.mgetBuffer(hashes.map((sha256) => keys.photo(sha256))));
  return members.flatMap((member, index) => {
    const { photo } = readFrom(hashes[index]!, all[index] ?? null);
    // One that has moved meanwhile is not here any more.
    if (photo === undefined || !queueMember(photo).equals(member)) return [];
    return [{ place: member.subarray(0, placeBytes), photo }];
  });
}
