/** Photos in Redis: reading, and writing what nobody else has changed meanwhile. */

import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError } from '../../errors.ts';
import { newerReview, type Photo, withReview, withWord } from './merge.ts';
import { decodePhoto, decodeReview, encodePhoto, encodeReview, keptScoreOf } from './photo-bytes.ts';
import { queuePlace, uuidBytes } from './queue-order.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisTenantKeys } from './redis-keys.ts';
import { done, keepReview, replacePhoto } from './redis-scripts.ts';
import type { ExpertWord, KeptScore, ModelWord } from './score-records.ts';

/** A photo, and the bytes that it was read from. */
export interface ReadPhoto {
  readonly sha256: string;
  /** '' where there is none. */
  readonly bytes: Buffer;
  /** Undefined: there is none, or it went bad and counts as none. */
  readonly photo: Photo | undefined;
}

const hash = /^[0-9a-f]{64}$/;
const none = Buffer.alloc(0);
/** Others may write the same photo at the same time, each time one of them gets through. */
const maxTries = 100;

export async function readPhoto(at: RedisConnection, keys: RedisTenantKeys, sha256: string): Promise<ReadPhoto> {
  const bytes = hash.test(sha256) ? await at.run((redis) => redis.getBuffer(keys.photo(sha256))) : null;
  return readFrom(sha256, bytes);
}

/** Undefined: no photo has this id. */
export async function photoWith(
  at: RedisConnection,
  keys: RedisTenantKeys,
  imageId: string,
): Promise<ReadPhoto | undefined> {
  if (uuidBytes(imageId) === undefined) return undefined;
  const sha256 = await at.run((redis) => redis.get(keys.image(imageId.toLowerCase())));
  return sha256 === null ? undefined : readPhoto(at, keys, sha256);
}

export function readFrom(sha256: string, bytes: Buffer | null): ReadPhoto {
  return { sha256, bytes: bytes ?? none, photo: bytes === null ? undefined : decodePhoto(bytes) };
}

/** What a photo is in the queue. */
export function queueMember(photo: Photo): Buffer {
  return Buffer.concat([queuePlace(photo), Buffer.from(photo.sha256, 'hex')]);
}

/** Puts a word of a model; `word.imageId` in lower case. */
export async function putWord(at: RedisConnection, keys: RedisTenantKeys, word: ModelWord): Promise<KeptScore> {
  return untilDone(async () => {
    const [before, waiting] = await Promise.all([
      readPhoto(at, keys, word.sha256),
      at.run((redis) => redis.hgetBuffer(keys.reviews, word.imageId)),
    ]);
    const review = waiting === null ? undefined : decodeReview(waiting);
    const merged = withWord(before.photo, word);
    const after = review === undefined ? merged : withReview(merged, review);
    return (await replace(at, keys, before, after, waiting ?? none)) ? { result: keptScoreOf(after) } : undefined;
  });
}

/** Puts a word of an expert. Undefined: there is no such photo. */
export async function putReview(
  at: RedisConnection,
  keys: RedisTenantKeys,
  imageId: string,
  word: ExpertWord,
  keepUnknown: boolean,
): Promise<KeptScore | undefined> {
  return untilDone(async () => {
    const before = await photoWith(at, keys, imageId);
    if (before?.photo !== undefined) {
      const after = withReview(before.photo, word);
      return (await replace(at, keys, before, after, none)) ? { result: keptScoreOf(after) } : undefined;
    }
    if (!keepUnknown || uuidBytes(imageId) === undefined) return { result: undefined };
    return (await keepForLater(at, keys, imageId.toLowerCase(), word, before)) ? { result: undefined } : undefined;
  });
}

/** Writes a photo in the place of what was read. False: it is another by now. */
async function replace(
  at: RedisConnection,
  keys: RedisTenantKeys,
  { bytes, photo: before }: ReadPhoto,
  after: Photo,
  waiting: Buffer,
): Promise<boolean> {
  const [newId = ''] = after.imageIds.slice(before?.imageIds.length ?? 0);
  const { sha256 } = after;
  const written = [keys.photo(sha256), keys.photos, keys.queue, keys.reviews, keys.image(newId)];
  const places = [before === undefined ? none : queueMember(before), queueMember(after)];
  const args = [bytes, waiting, encodePhoto(after), ...places, sha256, Buffer.from(sha256, 'hex'), newId];
  return done === (await at.run((redis) => redis.eval(replacePhoto, written.length, ...written, ...args)));
}

async function keepForLater(
  at: RedisConnection,
  keys: RedisTenantKeys,
  imageId: string,
  word: ExpertWord,
  damaged: ReadPhoto | undefined,
): Promise<boolean> {
  const waiting = await at.run((redis) => redis.hgetBuffer(keys.reviews, imageId));
  const review = encodeReview(newerReview(waiting === null ? undefined : decodeReview(waiting), word));
  const sha256 = damaged?.sha256 ?? '';
  const looked = [keys.reviews, keys.image(imageId), keys.photo(sha256)];
  const args = [imageId, waiting ?? none, sha256, damaged?.bytes ?? none, review];
  return done === (await at.run((redis) => redis.eval(keepReview, looked.length, ...looked, ...args)));
}

/** Tries anew until nobody was faster. */
async function untilDone<Result>(attempt: () => Promise<{ readonly result: Result } | undefined>): Promise<Result> {
  for (let tries = 0; tries < maxTries; tries++) {
    const outcome = await attempt();
    if (outcome !== undefined) return outcome.result;
    // Those who collided part ways.
    if (tries > 1) await sleep(Math.random() * tries);
  }
  throw new PalateError('STORAGE_FAILED', `a photo was changed by others ${maxTries} times while it was written`);
}
