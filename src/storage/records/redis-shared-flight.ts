/**
 * What is in flight, in Redis: a key for each work says whose it is, expires by itself, and is held on to for as long as the
 * work takes. The end is told on a channel; who misses that looks for the key again and again.
 */

import { randomUUID } from 'node:crypto';
import { patience } from './patience.ts';
import { connectRedis, type RedisConnection, type RedisOptions } from './redis-connection.ts';
import { type RedisKeys, redisKeys } from './redis-keys.ts';
import { land, stayInFlight } from './redis-scripts.ts';
import type { Flight, SharedFlight } from './shared-flight.ts';

export interface RedisSharedFlightOptions extends RedisOptions {
  readonly prefix: string;
  /** A process that died holds its work for so long at most, in milliseconds. */
  readonly holdMillis: number;
  /** Who waits longer for another works alone, in milliseconds. */
  readonly waitMillis: number;
  /** For one answer of Redis, in milliseconds. */
  readonly answerMillis: number;
  /** Behind an answer that did not come, everyone works alone for so long. */
  readonly restMillis: number;
}

/** The channel tells it sooner, unless it is down. */
const lookMillis = 100;

/** @throws PalateError CONFIG_INVALID where the server refuses the credentials or the database. */
export async function openRedisSharedFlight(options: RedisSharedFlightOptions): Promise<SharedFlight> {
  const keys = redisKeys(options.prefix);
  const at = await connectRedis(options);
  const landings = await listen(options, keys);
  const { answerMillis, restMillis, log } = options;
  const ask = patience({ what: 'Redis, which knows what is in flight,', waitMillis: answerMillis, restMillis, log });
  const holder: Holder = {
    take(key, whose) {
      const set = () => at.run((redis) => redis.set(keys.flight(key), whose, 'PX', options.holdMillis, 'NX'));
      return ask(async () => (await set()) === 'OK');
    },
    async hold(key, whose, work, settled) {
      const holdOn = () =>
        void ask(() => at.run((redis) => redis.eval(stayInFlight, 1, keys.flight(key), whose, options.holdMillis)));
      const timer = setInterval(holdOn, options.holdMillis / 3);
      const landed = async () => {
        await settled?.().catch(() => undefined);
        clearInterval(timer);
        await ask(() => at.run((redis) => redis.eval(land, 1, keys.flight(key), whose, keys.landed, key)));
      };
      try {
        return await work();
      } finally {
        void landed();
      }
    },
  };
  return {
    share: (key, flight) => share(key, flight, holder, landings, options.waitMillis),
    close() {
      at.close();
      landings.close();
    },
  };
}

interface Holder {
  /** Whether it is ours now; undefined: Redis did not say. */
  take(key: string, whose: string): Promise<{ readonly answer: boolean } | undefined>;
  /** Holds on to it while the work goes on, and tells of its end once that has settled. */
  hold<Result>(key: string, whose: string, work: () => Promise<Result>, settled?: () => Promise<void>): Promise<Result>;
}

async function share<Result>(
  key: string,
  { found, work, settled, signal, deadlineMillis = Number.POSITIVE_INFINITY }: Flight<Result>,
  holder: Holder,
  landings: Landings,
  waitMillis: number,
): Promise<Result> {
  const whose = randomUUID();
  const lookUp = () => found().catch(() => undefined);
  const end = performance.now() + Math.min(waitMillis, (deadlineMillis - Date.now()) / 2);
  for (;;) {
    const landing = landings.next(key, signal);
    try {
      const taken = await holder.take(key, whose);
      signal?.throwIfAborted();
      // Another may have been done between the caller's own look and now.
      if (taken?.answer) return await holder.hold(key, whose, async () => (await lookUp()) ?? work(), settled);
      if (taken === undefined || performance.now() >= end) return await work();
      if (await landing.within(Math.min(lookMillis, end - performance.now()))) {
        const result = await lookUp();
        if (result !== undefined) return result;
      }
      signal?.throwIfAborted();
    } finally {
      landing.forget();
    }
  }
}

interface Landing {
  /** Whether the work has landed since; false: not in that time, or the signal came first. */
  within(millis: number): Promise<boolean>;
  forget(): void;
}

interface Landings {
  next(key: string, signal: AbortSignal | undefined): Landing;
  close(): void;
}

async function listen(options: RedisOptions, keys: RedisKeys): Promise<Landings> {
  // A connection that listens can do nothing else.
  const at = await connectRedis({ ...options, log: { info() {}, warn() {} } });
  const waiting = new Map<string, Set<() => void>>();
  at.redis.on('message', (_: string, key: string) => {
    for (const wake of waiting.get(key) ?? []) wake();
  });
  await subscribe(at, keys.landed);
  at.redis.on('ready', () => void subscribe(at, keys.landed));
  return { next: (key, signal) => nextLanding(waiting, key, signal), close: () => at.close() };
}

/** What is not heard is looked for. */
async function subscribe(at: RedisConnection, channel: string): Promise<void> {
  await at.run((redis) => redis.subscribe(channel)).catch(() => undefined);
}

/** It counts from now on, whenever it is waited for. */
function nextLanding(waiting: Map<string, Set<() => void>>, key: string, signal: AbortSignal | undefined): Landing {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const wake = () => resolve(true);
  const giveUp = () => resolve(false);
  const all = waiting.get(key) ?? new Set();
  waiting.set(key, all.add(wake));
  signal?.addEventListener('abort', giveUp, { once: true });
  return {
    async within(millis) {
      const timer = setTimeout(giveUp, millis);
      const isLanded = await promise;
      clearTimeout(timer);
      return isLanded;
    },
    forget() {
      signal?.removeEventListener('abort', giveUp);
      all.delete(wake);
      if (all.size === 0 && waiting.get(key) === all) waiting.delete(key);
    },
  };
}
