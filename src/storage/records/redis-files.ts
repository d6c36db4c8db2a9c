/**
 * The files that Redis itself keeps, https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/. What is
 * deleted from its memory stays in them until it writes them anew.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isPalateError, PalateError } from '../../errors.ts';
import type { RedisConnection, RedisLog } from './redis-connection.ts';

/** How a kind of file is written anew, and where `INFO persistence` tells of it. */
interface Kind {
  readonly command: 'BGREWRITEAOF' | 'BGSAVE';
  readonly isKept: (at: RedisConnection, info: Info) => Promise<boolean>;
  readonly isUnderWay: (info: Info) => boolean;
  readonly outcome: string;
}

type Info = ReadonlyMap<string, string>;

const log: Kind = {
  command: 'BGREWRITEAOF',
  isKept: async (_, info) => info.get('aof_enabled') === '1',
  isUnderWay: (info) => info.get('aof_rewrite_in_progress') === '1' || info.get('aof_rewrite_scheduled') === '1',
  outcome: 'aof_last_bgrewrite_status',
};

const dump: Kind = {
  command: 'BGSAVE',
  async isKept(at) {
    const [, when = ''] = (await at.run((redis) => redis.config('GET', 'save'))) as string[];
    return when !== '';
  },
  isUnderWay: (info) => info.get('rdb_bgsave_in_progress') === '1',
  outcome: 'rdb_last_bgsave_status',
};

const longestMillis = 60_000;
const pollMillis = 20;

/**
 * Has Redis write its files anew, and waits for it. A server that allows no such command, as hosted ones may, does it in its
 * own time; the log says so.
 * @throws PalateError STORAGE_FAILED where it could not be done, or not in a minute.
 */
export async function rewriteFiles(at: RedisConnection, { warn }: Pick<RedisLog, 'warn'>): Promise<void> {
  const deadlineMillis = Date.now() + longestMillis;
  try {
    for (const kind of [log, dump]) {
      if (await kind.isKept(at, await persistence(at))) await rewrite(at, kind, deadlineMillis);
    }
  } catch (error) {
    if (!/NOPERM|unknown command/i.test(saidBy(error))) throw error;
    warn({ error }, 'Redis may not be told to write its files anew: what was erased stays in them until it does');
  }
}

/** One that has begun before may hold what is gone by now: only a later one counts. */
async function rewrite(at: RedisConnection, kind: Kind, deadlineMillis: number): Promise<void> {
  do await settled(at, kind, deadlineMillis);
  while (!(await begin(at, kind)));
  const info = await settled(at, kind, deadlineMillis);
  if (info.get(kind.outcome) === 'ok') return;
  throw new PalateError('STORAGE_FAILED', `${kind.command} of Redis failed: its log says why`);
}

/** False: it is at one of its files just now. */
async function begin(at: RedisConnection, { command }: Kind): Promise<boolean> {
  try {
    await at.run((redis) => redis.call(command));
    return true;
  } catch (error) {
    if (!/in progress|child process/i.test(saidBy(error))) throw error;
    await sleep(pollMillis);
    return false;
  }
}

async function settled(at: RedisConnection, { command, isUnderWay }: Kind, deadlineMillis: number): Promise<Info> {
  for (;;) {
    const info = await persistence(at);
    if (!isUnderWay(info)) return info;
    if (Date.now() > deadlineMillis) {
      throw new PalateError('STORAGE_FAILED', `${command} of Redis takes longer than ${longestMillis} ms`);
    }
    await sleep(pollMillis);
  }
}

async function persistence(at: RedisConnection): Promise<Info> {
  const text = await at.run((redis) => redis.info('persistence'));
  const lines = text.split('\r\n').map((line) => line.split(':') as [string, string?]);
  return new Map(lines.map(([name, value = '']) => [name, value]));
}

function saidBy(error: unknown): string {
  return isPalateError(error) ? error.message : '';
}
