import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../../src/access/caller.ts';
import { TokenCache } from '../../src/access/token-cache.ts';

const caller: Caller = {
  name: 'the token',
  tenants: 'all',
  permissions: { mayCall: () => true, events: undefined },
  expiresAtMillis: Number.POSITIVE_INFINITY,
};

function cacheOf(options: Partial<ConstructorParameters<typeof TokenCache>[0]> = {}) {
  const verified: string[] = [];
  const verify = async (token: string) => {
    verified.push(token);
    return caller;
  };
  return { verified, cache: new TokenCache({ verify, maxTokens: 10, cacheMillis: 1_000, ...options }) };
}

test('a token is verified once, also for many who bring it at the same time', async () => {
  const { cache, verified } = cacheOf();
  assert.equal(cache.find('d', Date.now()), undefined);
  await Promise.all(Array.from({ length: 20 }, () => cache.verify('d', 'token')));
  assert.equal(cache.find('d', Date.now()), caller);
  assert.deepEqual(verified, ['token']);
});

test('it is verified again after a time, and when it has expired', async () => {
  const { cache } = cacheOf();
  await cache.verify('d', 'token');
  assert.equal(cache.find('d', Date.now() + 1_001), undefined);
  const expiresAtMillis = Date.now() + 100;
  const short = cacheOf({ verify: async () => ({ ...caller, expiresAtMillis }) }).cache;
  await short.verify('d', 'token');
  assert.ok(short.find('d', expiresAtMillis - 1));
  assert.equal(short.find('d', expiresAtMillis), undefined);
});

test('it remembers so many at most, and those in use longest', async () => {
  const { cache } = cacheOf();
  await cache.verify('used', 'token');
  for (let at = 0; at < 1_000; at++) {
    await cache.verify(`d${at}`, 'token');
    assert.ok(cache.find('used', Date.now()), `after ${at}`);
    assert.ok(cache.size <= 11);
  }
  assert.equal(cache.find('d0', Date.now()), undefined);
});

test('what is refused is not remembered', async () => {
  let isGood = false;
  const { cache } = cacheOf({ verify: async () => (isGood ? caller : Promise.reject(new Error('no'))) });
  await assert.rejects(cache.verify('d', 'token'), { message: 'no' });
  isGood = true;
  assert.equal(await cache.verify('d', 'token'), caller);
});

test('of new tokens so many at a time are verified', async () => {
  const { cache } = cacheOf({ verify: () => new Promise(() => {}), maxPending: 3 });
  for (const digest of ['a', 'b', 'c']) void cache.verify(digest, 'token');
  await assert.rejects(cache.verify('d', 'token'), { reason: 'OVERLOADED', retryAfterMillis: 200 });
});
