/** Erasing a person whose photos are in S3, and what is known of them in Redis, by two scorers; and changing the stores. */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Client } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { event, freshEventId } from '../events/event-samples.ts';
import { call } from '../interop/plain-client.ts';
import { greyPhoto, newPhoto } from '../scoring/photos.ts';
import { eventually } from '../servers/palate-process.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { startS3 } from '../servers/s3.ts';
import { filesWith } from './files-with.ts';
import { scoreBytes } from './scored.ts';
import { redisArgs, type Scorer, s3Args, scoringStatus, serveOwner, serveScorer } from './shared-stores.ts';

const mark = 'kings-lynn';
const ann = { userId: `ann-of-${mark}` };
const bob = { userId: 'bob' };
const onDisk = ['--appendonly', 'yes', '--save', '3600 1', '--rdbcompression', 'no'];

async function knownUser({ client }: Scorer, imageId: string): Promise<string | undefined> {
  try {
    return (await call(client, ScoringService.method.getScore, { imageId })).record?.userId;
  } catch {
    return undefined;
  }
}

async function erase(client: Client, userId: string): Promise<void> {
  const erasure = event({ case: 'userErased', value: {} }, { userId, eventId: freshEventId() });
  assert.equal((await call(client, IngestService.method.publish, { events: [erasure] })).accepted, 1);
  const pending = async () => (await call(client, IngestService.method.getJournalStatus, {})).pendingErasures;
  await eventually('the erasure is finished', async () => (await pending()) === 0, 30_000);
}

/** Everything that a Redis holds, as it would send it to another. */
async function dumpOf({ url }: RedisServer): Promise<Buffer> {
  const redis = new Redis(url);
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  redis.disconnect();
  return Buffer.concat([Buffer.from(keys.join(' ')), ...values.map((value) => value ?? Buffer.alloc(0))]);
}

describe('erasing a person', async () => {
  test('leaves nothing of theirs in Redis and in S3, and all of the others', async (t) => {
    const [redis, s3] = await Promise.all([startRedis(t, { args: onDisk }), startS3(t)]);
    const args = [...redisArgs(redis), ...s3Args(s3)];
    const owner = await serveOwner(t, args);
    const scorer = await serveScorer(t, owner, args);
    const [own, elsewhere, shared, his] = [newPhoto(), newPhoto(), newPhoto(), newPhoto()];
    const mine = await scoreBytes(owner.client, own, ann);
    await scoreBytes(scorer.client, elsewhere, ann);
    await scoreBytes(owner.client, shared, bob);
    const both = await scoreBytes(scorer.client, shared, ann);
    const { imageId } = await scoreBytes(scorer.client, his, bob);
    await scoreBytes(scorer.client, await greyPhoto(), ann);
    for (const photo of [own, elsewhere, shared, his]) {
      await eventually('it is kept', async () => (await filesWith(s3.folder, photo)).length === 1);
    }
    await eventually('hers is the newest', async () => (await knownUser(owner, both.imageId)) === ann.userId);
    assert.ok((await dumpOf(redis)).includes(mark));

    await erase(owner.client, ann.userId);
    assert.ok(!(await dumpOf(redis)).includes(mark));
    assert.deepEqual(await filesWith(redis.folder, mark), []);
    for (const photo of [own, elsewhere]) assert.deepEqual(await filesWith(s3.folder, photo), []);
    for (const photo of [shared, his]) assert.equal((await filesWith(s3.folder, photo)).length, 1);
    for (const each of [owner, scorer]) {
      assert.equal(await knownUser(each, mine.imageId), undefined);
      assert.equal(await knownUser(each, both.imageId), bob.userId);
      assert.equal(await knownUser(each, imageId), bob.userId);
    }
    await eventually('nor on the disk of either', async () => {
      const found = await Promise.all([owner, scorer].map(({ dataFolder }) => filesWith(dataFolder, mark)));
      return found.flat().length === 0;
    });
  });

  test('waits for S3 where that is away', async (t) => {
    const s3 = await startS3(t);
    const owner = await serveOwner(t, s3Args(s3));
    const photo = newPhoto();
    await scoreBytes(owner.client, photo, ann);
    await eventually('it is kept', async () => (await filesWith(s3.folder, photo)).length === 1);
    await s3.kill();
    const erased = erase(owner.client, ann.userId);
    await eventually('it says so', () => owner.complaints.some((line) => line.includes('do not follow the journal')));
    const { pendingErasures } = await call(owner.client, IngestService.method.getJournalStatus, {});
    assert.equal(pendingErasures, 1);
    await s3.start();
    await erased;
    assert.deepEqual(await filesWith(s3.folder, photo), []);
  });
});

describe('other stores at the next start', async () => {
  test('are filled from the journal, and leave nothing in those of before', async (t) => {
    const [redis, s3] = await Promise.all([startRedis(t), startS3(t)]);
    const first = await serveOwner(t, []);
    const photo = newPhoto();
    const { imageId, sha256, score } = await scoreBytes(first.client, photo, ann);
    await eventually('it is journalled', async () => (await scoringStatus(first)).sequence > 0n);
    const word = { imageId, score: 2, reviewerId: 'expert', comment: 'said' };
    await call(first.client, ScoringService.method.reviewScore, word);
    assert.equal(await first.stop(), 0);

    const second = await serveOwner(t, [...redisArgs(redis), ...s3Args(s3)], first.dataFolder);
    await eventually('Redis has it', async () => {
      const { score: given } = await scoreBytes(second.client, photo, ann);
      return given === 2;
    });
    const left = await readdir(join(first.dataFolder, 'scores'));
    assert.deepEqual(
      left.filter((name) => name.includes('.mdb')),
      [],
    );
    const image = { case: 'objectKey', value: sha256 } as const;
    const again = await call(second.client, ScoringService.method.score, { image, itemId: 'banana' });
    assert.equal(again.score, 2);
    assert.ok(second.complaints.some((line) => line.includes('move them into the bucket')));
    await erase(second.client, ann.userId);
    assert.deepEqual(await filesWith(first.dataFolder, photo), []);
    assert.equal(await second.stop(), 0);

    const third = await serveOwner(t, [], first.dataFolder);
    const anew = await scoreBytes(third.client, photo, bob);
    assert.deepEqual([anew.deduplicated, anew.score], [false, score]);
    assert.equal((await scoringStatus(third)).recordStore?.kind, 'lmdb');
  });
});
