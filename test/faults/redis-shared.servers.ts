/** Several scorers with one Redis: what one computes the others know, and Redis away costs speed, not answers. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { call } from '../interop/plain-client.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually, runPalate } from '../servers/palate-process.ts';
import { startRedis } from '../servers/redis.ts';
import { imagesRun, scoreBytes } from './scored.ts';
import { redisArgs, type Scorer, scoringStatus, serveOwner, serveScorer } from './shared-stores.ts';

const runs = (scorers: readonly Scorer[]) => Promise.all(scorers.map(({ client }) => imagesRun(client)));

/** Inferences of all while `work` goes on. */
async function runsDuring(scorers: readonly Scorer[], work: () => Promise<unknown>): Promise<number> {
  const sum = (all: readonly number[]) => all.reduce((one, other) => one + other, 0);
  const before = sum(await runs(scorers));
  await work();
  return sum(await runs(scorers)) - before;
}

/** The same new photo to all at once, several times each. */
function toAll(scorers: readonly Scorer[], photo: Buffer, times = 4) {
  const clients = scorers.flatMap(({ client }) => Array<typeof client>(times).fill(client));
  return Promise.all(clients.map((client) => scoreBytes(client, photo, { userId: 'ann' })));
}

async function isShared(scorers: readonly Scorer[]): Promise<boolean> {
  return (await runsDuring(scorers, () => toAll(scorers, newPhoto()))) === 1;
}

/** Sends photos to all, some of them the same, until it is stopped. */
function sendUnderLoad(scorers: readonly Scorer[], { deadlineMillis }: { readonly deadlineMillis: number }) {
  const took: number[] = [];
  const failures: unknown[] = [];
  let isOver = false;
  const send = async () => {
    while (!isOver) {
      const photo = newPhoto();
      const ask = async ({ client }: Scorer) => {
        const began = performance.now();
        await scoreBytes(client, photo, { userId: 'ann' }, { deadline: Date.now() + deadlineMillis });
        took.push(performance.now() - began);
      };
      await Promise.all(scorers.map((scorer) => ask(scorer).catch((error: unknown) => failures.push(error))));
      await sleep(10);
    }
  };
  const senders = [send(), send(), send()];
  return {
    took,
    failures,
    async stop() {
      isOver = true;
      await Promise.all(senders);
    },
  };
}

describe('two scorers with one Redis', async () => {
  test('compute a photo that both get at once only once, and know what the other scored', async (t) => {
    const redis = await startRedis(t);
    // However busy the machine is: who works alone for want of an answer is another test's.
    const args = redisArgs(redis, { 'storage.redis.answer': '2s', 'storage.redis.wait': '10s' });
    const owner = await serveOwner(t, args);
    const scorer = await serveScorer(t, owner, args);
    const both = [owner, scorer];
    for (let n = 0; n < 10; n++) {
      const photo = newPhoto();
      const computed = await runsDuring(both, async () => {
        const answers = await toAll(both, photo);
        assert.equal(new Set(answers.map(({ imageId, score }) => `${imageId} ${score}`)).size, 1);
        assert.equal(answers.filter(({ deduplicated }) => !deduplicated).length, 1);
      });
      assert.equal(computed, 1, `photo ${n}`);
    }

    const photo = newPhoto();
    const first = await scoreBytes(owner.client, photo, { userId: 'ann' });
    await eventually('the other knows it', async () => {
      try {
        const { record } = await call(scorer.client, ScoringService.method.getScore, { imageId: first.imageId });
        return record?.score === first.score;
      } catch {
        return false;
      }
    });
    const again = await runsDuring(both, async () => {
      const known = await scoreBytes(scorer.client, photo, { userId: 'ann' });
      assert.deepEqual([known.deduplicated, known.imageId], [true, first.imageId]);
    });
    assert.equal(again, 0);
    for (const each of both) {
      const { recordStore } = await scoringStatus(each);
      assert.deepEqual([recordStore?.kind, recordStore?.answers], ['redis', true]);
      assert.deepEqual(each.complaints, []);
    }
    const told = await runPalate(['status', '--address', owner.grpc]);
    assert.match(told.stdout, /photo store +disk, answers in/);
    assert.match(told.stdout, /record store +redis, answers in/);
  });

  test('answer every request while Redis is stopped and frozen, and share again afterwards', async (t) => {
    const redis = await startRedis(t);
    const owner = await serveOwner(t, redisArgs(redis));
    const scorer = await serveScorer(t, owner, redisArgs(redis));
    const both = [owner, scorer];
    assert.ok(await isShared(both));
    const load = sendUnderLoad(both, { deadlineMillis: 3_000 });
    const faults = [
      { break: () => redis.kill(), mend: () => redis.start() },
      { break: async () => redis.pause(), mend: async () => redis.resume() },
    ];
    for (const fault of faults) {
      await sleep(500);
      await fault.break();
      const answered = load.took.length;
      await sleep(1_000);
      await eventually('more are answered', () => load.took.length > answered + 20);
      for (const each of both) {
        const { recordStore } = await scoringStatus(each);
        assert.equal(recordStore?.answers, false);
      }
      const told = await runPalate(['status', '--address', owner.grpc]);
      assert.match(told.stdout, /record store +redis, DOES NOT ANSWER/);
      assert.equal(told.code, 0, 'it is no fault of the server');
      await fault.mend();
      const answers = async () => (await Promise.all(both.map(scoringStatus))).every((all) => all.recordStore?.answers);
      await eventually('Redis answers again', answers);
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
    await eventually('what one computes the other waits for', () => isShared(both));
    for (const { complaints } of both) {
      assert.ok(complaints.some((line) => line.includes('does not answer')));
    }
    // What was scored meanwhile is in the journal, and by it in the records.
    await eventually('the records have caught up', async () => {
      const { lag, eventsWaiting } = await scoringStatus(owner);
      return lag === 0n && eventsWaiting === 0n;
    });
  });

  test('start without Redis too, and answer', async (t) => {
    const redis = await startRedis(t);
    await redis.kill();
    const owner = await serveOwner(t, redisArgs(redis));
    const { score } = await scoreBytes(owner.client, newPhoto(), { userId: 'ann' });
    assert.ok(score !== undefined);
    const began = performance.now();
    const other = await serveOwner(t, redisArgs(redis));
    assert.equal(await other.stop(), 0, 'nor is it needed to stop');
    assert.ok(performance.now() - began < 20_000);
    await redis.start();
    await eventually('what was scored is known to Redis', async () => {
      const { sequence, recordStore } = await scoringStatus(owner);
      return recordStore?.answers === true && sequence > 0n;
    });
  });
});
