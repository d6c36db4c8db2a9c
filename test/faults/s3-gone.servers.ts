/** Photos in S3: kept, found by their key, and what becomes of answers while the store is away. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { call } from '../interop/plain-client.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually } from '../servers/palate-process.ts';
import { startS3 } from '../servers/s3.ts';
import { assertRefused } from './refusals.ts';
import { scoreBytes } from './scored.ts';
import { type Scorer, s3Args, scoringStatus, serveOwner } from './shared-stores.ts';

const sha256Of = (photo: Uint8Array) => createHash('sha256').update(photo).digest('hex');

/** Named by its key, and for another item, so that it has to be fetched and computed. */
function scoreKept({ client }: Scorer, photo: Uint8Array, itemId: string) {
  const image = { case: 'objectKey', value: sha256Of(photo) } as const;
  return call(client, ScoringService.method.score, { itemId, image }, { deadline: Date.now() + 10_000 });
}

const kept = async (scorer: Scorer) => Number((await scoringStatus(scorer)).photosKept);

describe('photos in S3', async () => {
  test('are kept, and found by their key after a restart', async (t) => {
    const s3 = await startS3(t);
    const owner = await serveOwner(t, s3Args(s3));
    const photo = newPhoto();
    const { score } = await scoreBytes(owner.client, photo);
    await eventually('it is kept', async () => (await kept(owner)) === 1);
    assert.equal(await owner.stop(), 0);
    const again = await serveOwner(t, s3Args(s3), owner.dataFolder);
    assert.equal((await scoreKept(again, photo, 'banana')).score, score);
    assert.equal((await scoringStatus(again)).photoStore?.kind, 's3');
  });

  test('are answered without it, loudly, and kept again when it is back', async (t) => {
    const s3 = await startS3(t);
    const owner = await serveOwner(t, s3Args(s3));
    const known = newPhoto();
    await scoreBytes(owner.client, known);
    await eventually('it is kept', async () => (await kept(owner)) === 1);
    for (const [stop, goOn] of [
      [() => s3.kill(), () => s3.start()],
      [async () => s3.pause(), async () => s3.resume()],
    ] as const) {
      const before = await scoringStatus(owner);
      await stop();
      const answers = await Promise.all([newPhoto(), newPhoto()].map((photo) => scoreBytes(owner.client, photo)));
      assert.ok(answers.every(({ score }) => score !== undefined));
      await eventually('they were not kept', async () => {
        const { photosFailed } = await scoringStatus(owner);
        return photosFailed === before.photosFailed + 2n;
      });
      const refusal: unknown = await scoreKept(owner, known, 'banana').catch((error: unknown) => error);
      assertRefused(refusal, 'STORAGE_FAILED');
      assert.doesNotMatch(String(refusal), /127\.0\.0\.1/);
      const { photoStore, recordStore } = await scoringStatus(owner);
      assert.deepEqual([photoStore?.answers, recordStore?.answers], [false, true]);
      await goOn();
      await eventually('it answers again', async () => (await scoringStatus(owner)).photoStore?.answers === true);
      await scoreBytes(owner.client, newPhoto());
      await eventually('one more is kept', async () => (await kept(owner)) === Number(before.photosKept) + 1);
      assert.ok((await scoreKept(owner, known, 'banana')).score !== undefined);
    }
    assert.ok(owner.complaints.some((line) => line.includes('photos could not be kept')));
  });

  test('are not kept where S3 is away at the start, and are when it comes', async (t) => {
    const s3 = await startS3(t);
    await s3.kill();
    const owner = await serveOwner(t, s3Args(s3));
    assert.ok(owner.complaints.some((line) => line.includes('the object store does not answer')));
    assert.ok((await scoreBytes(owner.client, newPhoto())).score !== undefined);
    // It is put behind its answer: were the store back by then, it would be kept as well.
    await eventually('it was not kept', async () => (await scoringStatus(owner)).photosFailed === 1n);
    await s3.start();
    await eventually('it answers', async () => (await scoringStatus(owner)).photoStore?.answers === true);
    await scoreBytes(owner.client, newPhoto());
    await eventually('one is kept', async () => (await kept(owner)) === 1);
  });
});
