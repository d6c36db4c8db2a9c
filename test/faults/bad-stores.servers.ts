/** Stores that refuse the server: it ends at once, says why, and shows no secret. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPalate, temporaryFolder } from '../servers/palate-process.ts';
import { startRedis } from '../servers/redis.ts';
import { startS3 } from '../servers/s3.ts';
import { redisArgs, s3Args } from './shared-stores.ts';

const secret = 'open-sesame';

test('a server whose stores refuse it does not start', async (t) => {
  const [redis, s3, dataFolder] = await Promise.all([
    startRedis(t, { args: ['--save', '', '--requirepass', 'another'] }),
    startS3(t),
    temporaryFolder(t),
  ]);
  const [host] = redis.url.split('//').slice(1);
  const serve = ['serve', '--data', dataFolder, '--port', '0', '--http-port', '0', '--log-format', 'json'];
  const wrongKey = { ...s3, credentials: { ...s3.credentials, secretAccessKey: secret } };
  const open = { ...redis, url: `redis://:another@${host}` };
  const cases: [args: readonly string[], message: RegExp][] = [
    [redisArgs({ url: `redis://:${secret}@${host}` }), /redis:\/\/127\.0\.0\.1:\d+ refuses the connection: WRONGPASS/],
    [redisArgs(redis), /refuses the connection: NOAUTH/],
    [redisArgs({ url: `${open.url}/99` }), /DB index is out of range/],
    [s3Args(wrongKey), /the server refuses the credentials/],
    // What was opened before must not keep the process.
    [[...s3Args(s3), ...redisArgs({ url: `redis://:${secret}@${host}` })], /WRONGPASS/],
    [[...s3Args(s3), '--set', 'storage.s3.bucket=missing', '--set', 'storage.s3.createBucket=false'], /no such bucket/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runPalate([...serve, ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /CONFIG_INVALID/);
    assert.match(stderr, message);
    assert.ok(!stderr.includes(secret) && !stderr.includes('another'));
  }
});
