import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newEventId, openPalate } from '../src/index.ts';
import { newPhoto } from './scoring/photos.ts';

let dataFolder: string;
before(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'palate-library-'));
});
after(() => rm(dataFolder, { recursive: true }));

const viewed = (sessionId: string, itemId: string) => ({
  eventId: newEventId(),
  sessionId,
  payload: { case: 'itemViewed', value: { itemId } } as const,
});

test('events go in and recommendations come out without a port, and are there again after a restart', async () => {
  const first = await openPalate({ dataFolder });
  const events = ['s1', 's2'].flatMap((session) => [viewed(session, 'pasta'), viewed(session, 'pesto')]);
  const { accepted, lastSequence } = await first.ingest.publish({ events });
  assert.deepEqual([accepted, lastSequence], [4, 4n]);
  const request = { placement: 'home', recentItemIds: ['pasta'], minSequence: lastSequence };
  const { items } = await first.recommendation.recommend(request);
  assert.equal(items[0]?.itemId, 'pesto');
  const { digest } = await first.recommendation.getStateStatus({ liveDigest: true });
  await first.close();

  const second = await openPalate({ dataFolder });
  assert.deepEqual((await second.recommendation.recommend(request)).items, items);
  assert.equal((await second.recommendation.getStateStatus({ liveDigest: true })).digest, digest);
  assert.match(digest, /^[0-9a-f]{64}$/);
  await second.close();
});

test('errors are those that a caller over gRPC meets', async () => {
  const palate = await openPalate({ dataFolder });
  await assert.rejects(palate.recommendation.recommend({ placement: 'nowhere' }), { reason: 'UNKNOWN_PLACEMENT' });
  await assert.rejects(palate.recommendation.recommend({}), { reason: 'INVALID_REQUEST' });
  await palate.close();
});

test('a second one on the same folder is refused', async () => {
  const palate = await openPalate({ dataFolder });
  await assert.rejects(openPalate({ dataFolder }), { reason: 'JOURNAL_LOCKED' });
  await palate.close();
});

test('scoring is there where its role is asked for', async () => {
  const without = await openPalate({ dataFolder });
  assert.equal(without.scoring, undefined);
  await without.close();
  const settings = { roles: 'ingest,recommendation,scoring', 'scoring.models.instances': '1' };
  const palate = await openPalate({ dataFolder, settings });
  const image = { case: 'imageBytes', value: newPhoto() } as const;
  const { score, imageId } = await palate.scoring!.score({ userId: 'ada', image });
  assert.ok(score! > 4);
  await palate.close();

  const again = await openPalate({ dataFolder });
  const { meals } = await again.recommendation.getProfile({ userId: 'ada' });
  assert.deepEqual(
    meals.map((meal) => meal.imageId),
    [imageId],
  );
  await again.close();
});
