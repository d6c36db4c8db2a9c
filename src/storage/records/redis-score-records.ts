/** Score records in Redis, for several processes at once. What a key holds: `redis-keys.ts`. */

import { PalateError } from '../../errors.ts';
import { keptScoreOf } from './photo-bytes.ts';
import { uuidBytes } from './queue-order.ts';
import { connectRedis, type RedisConnection, type RedisOptions } from './redis-connection.ts';
import { rewriteFiles } from './redis-files.ts';
import { type RedisKeys, redisKeys } from './redis-keys.ts';
import { photoWith, putReview, putWord, type ReadPhoto, readPhoto } from './redis-photos.ts';
import { redisProgress } from './redis-progress.ts';
import { listQueue } from './redis-queue.ts';
import { clear, deleteOf, hashesOf } from './redis-removal.ts';
import type { KeptScore, ModelWord, ScoreRecords } from './score-records.ts';

export interface RedisScoreRecordsOptions extends RedisOptions {
  /** Before every key. Servers of one journal share one; those of another must have another. */
  readonly prefix: string;
}

const hash = /^[0-9a-f]{64}$/;

/**
 * Opens the records, also where Redis is away: then every call fails with STORAGE_FAILED until it is there. Its server must
 * not evict keys (`maxmemory-policy noeviction`): a queue without its photos is of no use.
 * @throws PalateError CONFIG_INVALID where the server refuses the credentials or the database.
 */
export async function openRedisScoreRecords(options: RedisScoreRecordsOptions): Promise<ScoreRecords> {
  const { log } = options;
  const at = await connectRedis(options);
  const keys = redisKeys(options.prefix);
  const progress = await redisProgress(at, keys);
  const purge = <Result>(work: () => Promise<Removed<Result>>) => purged(at, keys, log, work);
  return {
    find: async (tenant, sha256) => found(await readPhoto(at, keys.tenant(tenant), sha256)),
    get: async (tenant, imageId) => found(await photoWith(at, keys.tenant(tenant), imageId)),
    put: async (tenant, word) => putWord(at, keys.tenant(tenant), checked(word)),
    review: (tenant, imageId, word, { keepUnknown = false } = {}) =>
      putReview(at, keys.tenant(tenant), imageId, word, keepUnknown),
    list: (tenant, query) => listQueue(at, keys.tenant(tenant), query),
    hashesOf: (tenant, isTheirs) => hashesOf(at, keys.tenant(tenant), isTheirs),
    deleteOf: (tenant, isTheirs) =>
      purge(async () => {
        const { hashes, removed } = await deleteOf(at, keys.tenant(tenant), isTheirs);
        return { result: hashes, removed };
      }),
    scrub: () => purge(async () => ({ result: undefined, removed: 1 })),
    async follow(journalId) {
      if (!(await progress.follow(journalId))) return progress.lastSequence;
      log.warn({ prefix: options.prefix }, 'the score records are of another journal, and are begun anew');
      await purge(async () => ({ result: undefined, removed: await clear(at, keys) }));
      await progress.cleared();
      return progress.lastSequence;
    },
    get lastSequence() {
      return progress.lastSequence;
    },
    setSequence: (sequence) => progress.set(sequence),
    close: async () => at.close(),
  };
}

interface Removed<Result> {
  readonly result: Result;
  /** How many entries. */
  readonly removed: number;
}

/** Removes something, from Redis's files too. What an earlier removal could not finish is finished with it. */
async function purged<Result>(
  at: RedisConnection,
  keys: RedisKeys,
  log: RedisOptions['log'],
  work: () => Promise<Removed<Result>>,
): Promise<Result> {
  const isUnfinished = (await at.run((redis) => redis.set(keys.purging, '1', 'GET'))) !== null;
  const { result, removed } = await work();
  if (removed > 0 || isUnfinished) await rewriteFiles(at, log);
  await at.run((redis) => redis.del(keys.purging));
  return result;
}

function checked(word: ModelWord): ModelWord {
  const { sha256, imageId } = word;
  if (!hash.test(sha256)) throw new PalateError('INTERNAL', `${JSON.stringify(sha256)} is no SHA-256`);
  if (uuidBytes(imageId) === undefined) throw new PalateError('INTERNAL', `${JSON.stringify(imageId)} is no UUID`);
  return { ...word, imageId: imageId.toLowerCase() };
}

function found(read: ReadPhoto | undefined): KeptScore | undefined {
  return read?.photo && keptScoreOf(read.photo);
}
