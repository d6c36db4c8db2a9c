/** Taking things out of Redis, some at a time. */

import { ownerOf, ownerOfReview } from './merge.ts';
import { uuidBytes } from './queue-order.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisKeys, RedisTenantKeys } from './redis-keys.ts';
import { queueMember, type ReadPhoto, readFrom, readPhoto } from './redis-photos.ts';
import { done, removePhoto } from './redis-scripts.ts';
import type { PhotoOwner } from './score-records.ts';

type IsTheirs = (owner: PhotoOwner) => boolean;

/** Entries that are looked at in one go. */
const entriesATurn = 200;

/** Forgets photos and waiting reviews, as `ScoreRecords.deleteOf` has it. */
export async function deleteOf(at: RedisConnection, keys: RedisTenantKeys, isTheirs: IsTheirs) {
  const hashes = new Set<string>();
  let removed = 0;
  let cursor = '0';
  do {
    const from = cursor;
    const [next, found] = await at.run((redis) => redis.sscanBuffer(keys.photos, from, 'COUNT', entriesATurn));
    for (const gone of await removePhotos(at, keys, found, isTheirs)) hashes.add(gone);
    cursor = String(next);
  } while (cursor !== '0');
  removed += hashes.size;
  do {
    const from = cursor;
    const [next, found] = await at.run((redis) => redis.hscan(keys.reviews, from, 'COUNT', entriesATurn));
    removed += await removeReviews(at, keys, found, isTheirs);
    cursor = next;
  } while (cursor !== '0');
  return { hashes: [...hashes], removed };
}

/** As `ScoreRecords.hashesOf` has it. */
export async function hashesOf(
  at: RedisConnection,
  keys: RedisTenantKeys,
  isTheirs: IsTheirs,
): Promise<readonly string[]> {
  const hashes = new Set<string>();
  let cursor = '0';
  do {
    const from = cursor;
    const [next, found] = await at.run((redis) => redis.sscanBuffer(keys.photos, from, 'COUNT', entriesATurn));
    for (const { sha256, photo } of await readAll(at, keys, found)) {
      if (photo !== undefined && isTheirs(ownerOf(photo))) hashes.add(sha256);
    }
    cursor = String(next);
  } while (cursor !== '0');
  return [...hashes];
}

/** Forgets all photos and waiting reviews of all tenants. @returns how many keys are gone. */
export async function clear(at: RedisConnection, keys: RedisKeys): Promise<number> {
  let cursor = '0';
  let removed = 0;
  const pattern = `${keys.tenants.replace(/[\\*?[\]]/g, '\\$&')}*`;
  do {
    const from = cursor;
    const [next, found] = await at.run((redis) => redis.scan(from, 'MATCH', pattern, 'COUNT', entriesATurn));
    if (found.length > 0) removed += await at.run((redis) => redis.unlink(found));
    cursor = next;
  } while (cursor !== '0');
  return removed;
}

async function removePhotos(
  at: RedisConnection,
  keys: RedisTenantKeys,
  members: readonly Buffer[],
  isTheirs: IsTheirs,
): Promise<string[]> {
  const all = await readAll(at, keys, members);
  const gone = await Promise.all(all.map((read) => removeTheirs(at, keys, read, isTheirs)));
  return all.filter((_, index) => gone[index]).map(({ sha256 }) => sha256);
}

async function readAll(
  at: RedisConnection,
  keys: RedisTenantKeys,
  members: readonly Buffer[],
): Promise<readonly ReadPhoto[]> {
  if (members.length === 0) return [];
  const hashes = members.map((member) => member.toString('hex'));
  const all = await at.run((redis) => redis.mgetBuffer(hashes.map((sha256) => keys.photo(sha256))));
  return hashes.map((sha256, index) => readFrom(sha256, all[index] ?? null));
}

/** As it is when it goes: since it was read, a word may have been added. */
async function removeTheirs(
  at: RedisConnection,
  keys: RedisTenantKeys,
  first: ReadPhoto,
  isTheirs: IsTheirs,
): Promise<boolean> {
  for (let read = first; ; read = await readPhoto(at, keys, read.sha256)) {
    const { photo, bytes, sha256 } = read;
    if (photo === undefined || !isTheirs(ownerOf(photo))) return false;
    const images = photo.imageIds.map((imageId) => keys.image(imageId));
    const written = [keys.photo(sha256), keys.photos, keys.queue, ...images];
    const args = [bytes, Buffer.from(sha256, 'hex'), queueMember(photo)];
    if (done === (await at.run((redis) => redis.eval(removePhoto, written.length, ...written, ...args)))) return true;
  }
}

/** @param entries ids and reviews, in turn */
async function removeReviews(
  at: RedisConnection,
  keys: RedisTenantKeys,
  entries: readonly string[],
  isTheirs: IsTheirs,
): Promise<number> {
  const ids = entries.filter((_, index) => index % 2 === 0);
  const theirs = ids.filter((id) => uuidBytes(id) !== undefined && isTheirs(ownerOfReview(id)));
  if (theirs.length > 0) await at.run((redis) => redis.hdel(keys.reviews, ...theirs));
  return theirs.length;
}
