/** A connection to Redis that is waited for no longer than it is told to, and comes back by itself. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { isPalateError, PalateError } from '../../errors.ts';

/** What the connection tells of itself. */
export interface RedisLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RedisOptions {
  /** `redis[s]://[[user]:password@]host[:port][/database]` */
  readonly url: string;
  /** For one command, in milliseconds. */
  readonly timeoutMillis: number;
  readonly log: RedisLog;
}

export interface RedisConnection {
  readonly redis: Redis;
  /** Runs commands; their errors become STORAGE_FAILED and STORAGE_FULL. Those of others pass as they are. */
  run<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result>;
  close(): void;
}

/** For a connection to come about; at the start no longer is waited for it. */
const connectMillis = 1_000;
const longestPauseMillis = 1_000;
/** Longer answers are those of a connection that is dead and does not know it. */
const silentTimeouts = 2;

/**
 * Connects. Where nobody answers it goes on trying, says so once in the log, and once more when it is there; what is asked
 * meanwhile fails at once.
 * @throws PalateError CONFIG_INVALID where the server refuses the credentials or the database.
 */
export async function connectRedis({ url, timeoutMillis, log }: RedisOptions): Promise<RedisConnection> {
  const place = placeOf(url);
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: connectMillis,
    commandTimeout: timeoutMillis,
    socketTimeout: timeoutMillis * silentTimeouts,
    // A command is answered now, or it fails now: nothing waits in a queue without a bound.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), longestPauseMillis),
    disableClientInfo: true,
  });
  const state = watch(redis, place, log);
  const run = async <Result>(work: (redis: Redis) => Promise<Result>) => {
    try {
      return await work(redis);
    } catch (error) {
      throw redisError(place, withoutCommand(error));
    }
  };
  await Promise.race([redis.connect().catch(() => undefined), sleep(connectMillis, undefined, { ref: false })]);
  const { lastError: cause } = state;
  if (isRefusal(cause)) {
    redis.disconnect();
    throw new PalateError('CONFIG_INVALID', `${place} refuses the connection: ${cause?.message}`, { cause });
  }
  return { redis, run, close: () => redis.disconnect() };
}

/** Tells of losing the server and of finding it again, once each. */
function watch(redis: Redis, place: string, log: RedisLog): { lastError: Error | undefined } {
  const state = { lastError: undefined as Error | undefined };
  let isAway = false;
  redis.on('error', (error: Error) => {
    state.lastError = withoutCommand(error);
  });
  redis.on('ready', () => {
    if (isAway) log.info({ redis: place }, 'Redis is there again');
    isAway = false;
    if (!isRefusal(state.lastError)) state.lastError = undefined;
  });
  redis.on('reconnecting', () => {
    if (!isAway)
      log.warn({ redis: place, error: state.lastError }, 'Redis is away: it is done without it until it is back');
    isAway = true;
  });
  return state;
}

/** What the server will not take back by itself. That it is loading, or has too many clients, passes. */
function isRefusal(error: Error | undefined): boolean {
  return error?.name === 'ReplyError' && /^(NOAUTH|WRONGPASS|NOPERM)|DB index|invalid password/.test(error.message);
}

/** Errors carry the command with what it was given: passwords and photos are not for a log. */
function withoutCommand<Thrown>(thrown: Thrown): Thrown {
  if (thrown instanceof Error) Reflect.deleteProperty(thrown, 'command');
  return thrown;
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) throw new PalateError('CONFIG_INVALID', 'the URL of Redis is none');
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function redisError(place: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const isFull = message.startsWith('OOM ');
  return new PalateError(isFull ? 'STORAGE_FULL' : 'STORAGE_FAILED', `${place} failed: ${message}`, { cause });
}
