import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';
import { KeySet } from '../../src/access/key-set.ts';
import { keySetOf, type SigningKey, signingKey } from './signing.ts';

const [first, second] = [signingKey('first'), signingKey('second')];
const headerOf = ({ kid, algorithm }: SigningKey): JWTHeaderParameters => ({ alg: algorithm, kid });
const token = { payload: '', signature: '' };

/** A key set over an issuer that a test moves. */
function issuerWith(...keys: SigningKey[]) {
  const issuer = { keys, isDown: false, reads: 0, nowMillis: 0, warnings: [] as string[], news: [] as string[] };
  const set = new KeySet({
    async read() {
      issuer.reads += 1;
      if (issuer.isDown) throw new Error('connection refused');
      return JSON.parse(keySetOf(...issuer.keys)) as JSONWebKeySet;
    },
    source: 'https://login.example.com/jwks',
    refreshMillis: 600_000,
    cooldownMillis: 30_000,
    keepMillis: 3_600_000,
    log: { info: (_, message) => issuer.news.push(message), warn: (_, message) => issuer.warnings.push(message) },
    now: () => issuer.nowMillis,
  });
  const find = async (key: SigningKey) => (await set.keyFor(headerOf(key), token)) !== undefined;
  return { issuer, set, find };
}

test('keys are read once, and again in the background when they are old', async () => {
  const { issuer, set, find } = issuerWith(first);
  assert.ok(await set.read());
  for (let call = 0; call < 100; call++) assert.ok(await find(first));
  assert.equal(issuer.reads, 1);
  issuer.nowMillis = 600_001;
  assert.ok(await find(first));
  assert.ok(await find(first));
  assert.equal(issuer.reads, 2);
});

test('a new key is fetched when its first token comes', async () => {
  const { issuer, set, find } = issuerWith(first);
  await set.read();
  issuer.keys = [second];
  issuer.nowMillis = 30_000;
  assert.ok(await find(second));
  await assert.rejects(find(first), errors.JWKSNoMatchingKey);
  assert.equal(issuer.reads, 2);
});

test('made-up key ids do not make it ask more often than the cooldown allows', async () => {
  const { issuer, set, find } = issuerWith(first);
  await set.read();
  for (let at = 0; at < 120; at++) {
    issuer.nowMillis = at * 1_000;
    await assert.rejects(find({ ...second, kid: `made-up-${at}` }), errors.JWKSNoMatchingKey);
  }
  assert.equal(issuer.reads, 4);
});

test('many who ask at once share one attempt', async () => {
  const { issuer, find } = issuerWith(first);
  assert.ok((await Promise.all(Array.from({ length: 50 }, () => find(first)))).every(Boolean));
  assert.equal(issuer.reads, 1);
});

test('while the issuer is down the old keys hold, for a bounded time', async () => {
  const { issuer, set, find } = issuerWith(first);
  await set.read();
  issuer.isDown = true;
  for (issuer.nowMillis = 0; issuer.nowMillis <= 3_600_000; issuer.nowMillis += 100_000) assert.ok(await find(first));
  assert.deepEqual(issuer.warnings, ['the keys that sign tokens cannot be read: those known hold for now']);
  await assert.rejects(find(first), { reason: 'KEYS_UNAVAILABLE', code: 'UNAVAILABLE', retryAfterMillis: 30_000 });
  issuer.isDown = false;
  issuer.nowMillis += 30_000;
  assert.ok(await find(first));
  assert.deepEqual(issuer.news, ['the keys that sign tokens can be read again']);
});

test('without any keys a call is told to come back', async () => {
  const { issuer, set, find } = issuerWith(first);
  issuer.isDown = true;
  assert.equal(await set.read(), false);
  await assert.rejects(find(first), { reason: 'KEYS_UNAVAILABLE' });
  assert.equal(issuer.reads, 1);
});
