/** Opens the records of what is known of photos: a file of the data folder, or Redis, which several scorers share. */

import type { Config } from '../config.ts';
import { lenientRecords } from '../storage/records/lenient-records.ts';
import type { ScoreRecords } from '../storage/records/score-records.ts';
import type { SharedFlight } from '../storage/records/shared-flight.ts';
import type { AskedRecords } from '../storage/records/write-behind.ts';
import type { Log } from '../telemetry/log.ts';

export interface RecordStore {
  readonly records: ScoreRecords;
  /** Where it is, for people: without a password. */
  readonly place: string;
  /** What other scorers are at; undefined: they share nothing. */
  readonly flight: SharedFlight | undefined;
  /** For the way of a photo, which is answered whatever becomes of the store. */
  onTheWay(asked: AskedRecords): Pick<AskedRecords, 'find' | 'put'>;
}

/**
 * @param folder of the file, and of what was there before Redis
 * @throws PalateError CONFIG_INVALID, STORAGE_FAILED
 */
export function openRecordStore(config: Config, folder: string, log: Log): Promise<RecordStore> {
  return config.storage.records.kind === 'redis' ? openRedis(config, folder, log) : openLmdb(folder, log);
}

async function openLmdb(folder: string, log: Log): Promise<RecordStore> {
  const { openLmdbScoreRecords } = await import('../storage/records/lmdb-score-records.ts');
  const records = await openLmdbScoreRecords(folder, log);
  // Its errors are those of this machine's disk, and it answers in microseconds.
  return { records, place: folder, flight: undefined, onTheWay: (asked) => asked };
}

async function openRedis({ storage: { redis } }: Config, folder: string, log: Log): Promise<RecordStore> {
  const [{ openRedisScoreRecords }, { openRedisSharedFlight }, { removeEnvironment }] = await Promise.all([
    import('../storage/records/redis-score-records.ts'),
    import('../storage/records/redis-shared-flight.ts'),
    import('../storage/records/environment.ts'),
  ]);
  const records = await openRedisScoreRecords({ ...redis, log });
  try {
    const flight = await openRedisSharedFlight({ ...redis, log });
    // Whoever is erased from now on would stay in it.
    await removeEnvironment(folder);
    const patience = { waitMillis: redis.answerMillis, restMillis: redis.restMillis, log };
    return { records, place: placeOf(redis), flight, onTheWay: (asked) => lenientRecords(asked, patience) };
  } catch (error) {
    await records.close();
    throw error;
  }
}

function placeOf({ url, prefix }: Config['storage']['redis']): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname} under ${prefix}`;
}
