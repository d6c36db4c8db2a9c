/** Which journal the records in Redis follow, and how far. Several processes may move it on; it never goes back. */

import { PalateError } from '../../errors.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';
import { followJournal, moveSequence } from './redis-scripts.ts';

export interface RedisProgress {
  readonly lastSequence: number;
  /** @returns whether the records of another journal are to be removed. */
  follow(journalId: string): Promise<boolean>;
  /** They are removed. */
  cleared(): Promise<void>;
  /** @throws PalateError STORAGE_FAILED where Redis has lost what was in: the journal is to be followed anew. */
  set(sequence: number): Promise<void>;
}

export async function redisProgress(at: RedisConnection, keys: RedisKeys): Promise<RedisProgress> {
  let [journal, sequence] = await read(at, keys);
  let isLost = false;
  return {
    get lastSequence() {
      return sequence;
    },
    async follow(journalId) {
      const [isOther, there] = (await at.run((redis) => redis.eval(followJournal, 1, keys.progress, journalId))) as [
        number,
        string,
      ];
      journal = journalId;
      sequence = Number(there);
      isLost = false;
      return isOther === 1;
    },
    async cleared() {
      await at.run((redis) => redis.hdel(keys.progress, 'clearing'));
    },
    async set(next) {
      const move = () => at.run((redis) => redis.eval(moveSequence, 1, keys.progress, journal, sequence, next));
      const moved = isLost ? -1 : Number(await move());
      isLost = moved === -1;
      sequence = isLost ? 0 : moved;
      // What came behind the loss must not hide it.
      if (isLost) throw new PalateError('STORAGE_FAILED', 'Redis has lost score records: follow the journal anew');
    },
  };
}

/** A server that is away is asked again by `follow`. */
async function read(at: RedisConnection, keys: RedisKeys): Promise<[journal: string, sequence: number]> {
  try {
    const { journal = '', sequence = '0' } = await at.run((redis) => redis.hgetall(keys.progress));
    return [journal, Number(sequence)];
  } catch {
    return ['', 0];
  }
}
