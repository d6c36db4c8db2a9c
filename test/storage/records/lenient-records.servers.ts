import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import { lenientRecords } from '../../../src/storage/records/lenient-records.ts';
import { openRedisScoreRecords } from '../../../src/storage/records/redis-score-records.ts';
import { recordingLog } from '../../scoring/recording-log.ts';
import { eventually } from '../../servers/palate-process.ts';
import { startRedis } from '../../servers/redis.ts';
import { hashOf, wordOn } from './suite.ts';

async function opened(t: TestContext) {
  const server = await startRedis(t);
  const { log, lines } = recordingLog();
  const { log: quiet } = recordingLog();
  const records = await openRedisScoreRecords({
    url: server.url,
    prefix: randomUUID(),
    timeoutMillis: 500,
    log: quiet,
  });
  t.after(() => records.close());
  return { server, lines, lenient: lenientRecords(records, { waitMillis: 50, restMillis: 200, log }) };
}

/** The longest that a call took, in milliseconds, of many in a row. */
async function longestOf(calls: number, call: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  for (let n = 0; n < calls; n++) {
    const began = performance.now();
    await call();
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}

it('knows nothing of a photo while Redis is away, and all of it when it is back', async (t) => {
  const { server, lines, lenient } = await opened(t);
  const word = wordOn('a');
  const kept = await lenient.put('', word);
  assert.deepEqual(await lenient.find('', word.sha256), kept);
  await server.kill();
  const other = wordOn('b');
  assert.equal(await lenient.find('', word.sha256), undefined);
  assert.equal((await lenient.put('', other)).record.imageId, other.imageId);
  await server.start();
  await eventually('it is asked again', async () => {
    await lenient.put('', word);
    return (await lenient.find('', word.sha256)) !== undefined;
  });
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['warn', 'info'],
  );
});

it('costs one wait, not one a photo, while Redis says nothing', async (t) => {
  const { server, lenient } = await opened(t);
  await lenient.put('', wordOn('a'));
  server.pause();
  const began = performance.now();
  assert.equal(await lenient.find('', hashOf('a')), undefined);
  assert.ok(performance.now() - began < 150);
  assert.ok((await longestOf(100, () => lenient.find('', hashOf('a')))) < 40);
  server.resume();
  await eventually('it is found again', async () => (await lenient.find('', hashOf('a'))) !== undefined);
});

it('answers every question under load while Redis is stopped and started', async (t) => {
  const { server, lenient } = await opened(t);
  let isOver = false;
  let answers = 0;
  const load = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = 0; !isOver; n++) {
      const word = wordOn(`${lane} ${n % 50}`);
      assert.equal((await lenient.put('', word)).record.sha256, word.sha256);
      await lenient.find('', word.sha256);
      answers += 1;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  for (let round = 0; round < 3; round++) {
    const before = answers;
    await server.kill();
    await eventually('answers without Redis', () => answers > before + 100);
    await server.start();
    await eventually('Redis is used again', async () => (await lenient.find('', hashOf('0 0'))) !== undefined);
  }
  isOver = true;
  await Promise.all(load);
});
