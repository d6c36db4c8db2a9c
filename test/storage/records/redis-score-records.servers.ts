import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { newUuid } from '../../../src/events/uuid.ts';
import {
  openRedisScoreRecords,
  type RedisScoreRecordsOptions,
} from '../../../src/storage/records/redis-score-records.ts';
import type { ScoreRecords } from '../../../src/storage/records/score-records.ts';
import { recordingLog } from '../../scoring/recording-log.ts';
import { eventually } from '../../servers/palate-process.ts';
import { startRedis } from '../../servers/redis.ts';
import { hashOf, pagedThrough, queryOf, reviewOf, scoreRecordsSuite, wordOn } from './suite.ts';

const server = await startRedis({ after });

type Options = Partial<RedisScoreRecordsOptions>;

const opened: ScoreRecords[] = [];
after(() => Promise.all(opened.map((records) => records.close())));

async function openAt(url: string, change: Options = {}): Promise<ScoreRecords> {
  const { log } = recordingLog();
  const records = await openRedisScoreRecords({
    url,
    prefix: `test-${randomUUID()}`,
    timeoutMillis: 2_000,
    log,
    ...change,
  });
  opened.push(records);
  return records;
}

scoreRecordsSuite('Redis', () => openAt(server.url));

describe('Redis with score records', () => {
  it('has one outcome, whoever writes at the same time', async () => {
    const prefix = randomUUID();
    const all = await Promise.all(Array.from({ length: 4 }, () => openAt(server.url, { prefix })));
    const words = Array.from({ length: 12 }, (_, n) =>
      wordOn('a', { uncertainty: n / 16, userId: `user ${n}`, scoredAtMicros: 1e15 + n }),
    );
    const review = reviewOf({ score: 5 });
    await Promise.all([
      ...words.map((word, n) => all[n % 4]!.put('', word)),
      all[1]!.review('', words[7]!.imageId, review, { keepUnknown: true }),
    ]);
    const kept = await all[0]!.find('', hashOf('a'));
    assert.deepEqual([kept?.record.userId, kept?.record.uncertainty, kept?.record.score], ['user 11', 11 / 16, 5]);
    assert.deepEqual([...kept!.imageIds].sort(), words.map(({ imageId }) => imageId).sort());
    for (const { imageId } of words) assert.deepEqual(await all[2]!.get('', imageId), kept);
    assert.deepEqual(await pagedThrough(all[3]!, '', queryOf({ includeReviewed: true })), [kept!.record]);
  });

  it('keeps each of many, and reviews that come before, put by two at once', async () => {
    const prefix = randomUUID();
    const [one, two] = await Promise.all([openAt(server.url, { prefix }), openAt(server.url, { prefix })]);
    const words = Array.from({ length: 300 }, (_, n) => wordOn(`p${n}`, { uncertainty: (n % 7) / 10 }));
    await Promise.all([
      ...words.map((word) => one.put('', word)),
      ...words.map(({ imageId }) => two.review('', imageId, reviewOf({ score: 1 }), { keepUnknown: true })),
    ]);
    const seen = await pagedThrough(two, '', queryOf({ limit: 37, includeReviewed: true }));
    assert.equal(seen.length, 300);
    assert.ok(seen.every(({ score, modelScore }) => score === 1 && modelScore === 4));
  });

  it('has no trace in its files of what was deleted', async (t) => {
    const own = await startRedis(t, { args: ['--appendonly', 'yes', '--save', '3600 1'] });
    const records = await openAt(own.url);
    const words = Array.from({ length: 250 }, (_, n) =>
      wordOn(`p${n}`, { userId: n % 2 === 0 ? 'gone-for-good' : 'o' }),
    );
    await Promise.all(words.map((word) => records.put('acme', word)));
    const admin = new Redis(own.url);
    t.after(() => admin.disconnect());
    await admin.save();
    assert.notEqual(await filesWith(own.folder, 'gone-for-good'), 0);
    const gone = await records.deleteOf('acme', ({ userId }) => userId === 'gone-for-good');
    assert.equal(gone.length, 125);
    assert.equal(await filesWith(own.folder, 'gone-for-good'), 0);
    assert.equal(await filesWith(own.folder, words[0]!.sha256), 0);
    assert.deepEqual(await records.deleteOf('acme', ({ userId }) => userId === 'gone-for-good'), []);
    const replaced = wordOn('p1', { userId: 'someone-else', scoredAtMicros: 2e15 });
    await records.put('acme', replaced);
    await records.put('acme', { ...replaced, userId: 'another', scoredAtMicros: 2.1e15 });
    assert.notEqual(await filesWith(own.folder, 'someone-else'), 0);
    await records.scrub?.();
    assert.equal(await filesWith(own.folder, 'someone-else'), 0);
    await own.kill();
    await own.start();
    await eventually('the others are there again', () => isThere(records, 'acme', words[1]!.sha256));
    assert.equal(await records.find('acme', words[0]!.sha256), undefined);
  });

  it('finishes a removal that was cut short', async (t) => {
    const own = await startRedis(t, { args: ['--appendonly', 'yes', '--save', ''] });
    const prefix = randomUUID();
    const records = await openAt(own.url, { prefix });
    const word = wordOn('a', { userId: 'gone-for-good' });
    await records.put('', word);
    const admin = new Redis(own.url);
    t.after(() => admin.disconnect());
    // What a process leaves that died in the middle of it.
    await admin.set(`${prefix}:1:purging`, '1');
    await admin.del(`${prefix}:1:{_default}:photo:${word.sha256}`);
    assert.notEqual(await filesWith(own.folder, 'gone-for-good'), 0);
    assert.deepEqual(await records.deleteOf('', () => false), []);
    assert.equal(await filesWith(own.folder, 'gone-for-good'), 0);
  });

  it('lets no word on a removed photo bring it back half', async () => {
    const prefix = randomUUID();
    const [one, two] = await Promise.all([openAt(server.url, { prefix }), openAt(server.url, { prefix })]);
    const words = Array.from({ length: 100 }, (_, n) => wordOn(`p${n}`, { userId: 'me' }));
    await Promise.all(words.map((word) => one.put('', word)));
    await Promise.all([
      one.deleteOf('', ({ userId }) => userId === 'me'),
      ...words.map(({ imageId }) => two.review('', imageId, reviewOf())),
    ]);
    assert.deepEqual(await pagedThrough(one, '', queryOf({ includeReviewed: true })), []);
    for (const { imageId } of words) assert.equal(await one.get('', imageId), undefined);
  });

  it('counts no event as in when its memory is lost', async (t) => {
    const own = await startRedis(t);
    const prefix = randomUUID();
    const [records, other] = await Promise.all([openAt(own.url, { prefix }), openAt(own.url, { prefix })]);
    assert.deepEqual([await records.follow('journal'), await other.follow('journal')], [0, 0]);
    await records.setSequence(7);
    await other.setSequence(5);
    assert.deepEqual([records.lastSequence, other.lastSequence], [7, 7]);
    await own.kill();
    await own.start();
    await eventually('Redis is back', () => isBack(records));
    for (const sequence of [9, 10]) {
      await assert.rejects(records.setSequence(sequence), { reason: 'STORAGE_FAILED', message: /lost score records/ });
    }
    assert.equal(records.lastSequence, 0);
    assert.equal(await records.follow('journal'), 0);
    await records.setSequence(11);
    assert.equal(await (await openAt(own.url, { prefix })).follow('journal'), 11);
  });
});

describe('Redis that is not there', () => {
  it('fails each call at once, and recovers by itself', async (t) => {
    const own = await startRedis(t);
    const { log, lines } = recordingLog();
    const records = await openAt(own.url, { log });
    await records.put('', wordOn('a'));
    await own.kill();
    const began = performance.now();
    for (const work of [
      () => records.find('', hashOf('a')),
      () => records.get('', newUuid()),
      () => records.put('', wordOn('b')),
      () => records.review('', newUuid(), reviewOf()),
      () => records.list('', queryOf()),
      () => records.deleteOf('', () => true),
      () => records.setSequence(1),
      () => records.follow('journal'),
    ]) {
      await assert.rejects(work(), { reason: 'STORAGE_FAILED' });
    }
    assert.ok(performance.now() - began < 1_000);
    await own.start();
    await eventually('Redis is back', () => isBack(records));
    await records.put('', wordOn('b'));
    assert.deepEqual(
      lines.map(({ message }) => message.replace(/:.*/, '')),
      ['Redis is away', 'Redis is there again'],
    );
  });

  it('may come later than Palate', async (t) => {
    const own = await startRedis(t);
    await own.kill();
    const records = await openAt(own.url);
    await assert.rejects(records.find('', hashOf('a')), { reason: 'STORAGE_FAILED' });
    await own.start();
    await eventually('Redis is there', () => isBack(records));
  });

  it('fails in time where it says nothing, and is found again', async (t) => {
    const own = await startRedis(t);
    const records = await openAt(own.url, { timeoutMillis: 100 });
    await records.put('', wordOn('a'));
    own.pause();
    const began = performance.now();
    await assert.rejects(records.find('', hashOf('a')), { reason: 'STORAGE_FAILED' });
    assert.ok(performance.now() - began < 400);
    own.resume();
    await eventually('it answers again', () => isThere(records, '', hashOf('a')));
  });

  it('is a fault of the configuration where it refuses', async (t) => {
    const own = await startRedis(t, { args: ['--requirepass', 'secret-word', '--save', ''] });
    const withPassword = own.url.replace('://', '://:secret-word@');
    const refusals: readonly [string, RegExp][] = [
      [own.url, /NOAUTH/],
      [own.url.replace('://', '://:wrong@'), /WRONGPASS/],
      [`${withPassword}/99`, /DB index/],
      ['nonsense', /URL of Redis/],
    ];
    for (const [url, message] of refusals) await assert.rejects(openAt(url), { reason: 'CONFIG_INVALID', message });
    const refused = await openAt(own.url.replace('://', '://:wrong-word@')).catch((error: unknown) => error);
    assert.equal(inspect(refused, { depth: 9, showHidden: true }).includes('wrong-word'), false);
    const records = await openAt(withPassword);
    await records.put('', wordOn('a'));
    await records.close();
  });

  it('says where it has no room', async (t) => {
    const own = await startRedis(t, { args: ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction', '--save', ''] });
    const records = await openAt(own.url);
    const comment = 'x'.repeat(1_000_000);
    const put = async (n: number) => {
      const word = wordOn(`p${n}`);
      await records.put('', word);
      await records.review('', word.imageId, reviewOf({ comment }));
    };
    await assert.rejects(
      async () => {
        for (let n = 0; n < 10; n++) await put(n);
      },
      { reason: 'STORAGE_FULL' },
    );
    assert.ok(await records.find('', hashOf('p0')));
  });
});

async function isThere(records: ScoreRecords, tenant: string, sha256: string): Promise<boolean> {
  return (await records.find(tenant, sha256).catch(() => undefined)) !== undefined;
}

function isBack(records: ScoreRecords): Promise<boolean> {
  return records.find('', hashOf('a')).then(
    () => true,
    () => false,
  );
}

/** How many of its files have a text in them. */
async function filesWith(folder: string, text: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return contents.filter((bytes) => bytes.includes(text)).length;
}
