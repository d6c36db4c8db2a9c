import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ScoreResponse, ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Client } from '../../src/rpc/client/client.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { greyPhoto, newPhoto } from './photos.ts';
import { journalled, type OpenScorer, openScorer } from './scorer.ts';
import { serviceOf } from './scoring-service.ts';

let scorer: OpenScorer;
let scoring: Client<typeof ScoringService>;
let tenants = 0;

before(async () => {
  scorer = await openScorer();
  scoring = createMemoryClient(serviceOf(scorer));
});
after(() => scorer.close());

const newTenant = () => `tenant-${++tenants}`;

function score(tenant: string, bytes: Uint8Array = newPhoto(), userId = 'ada'): Promise<ScoreResponse> {
  return scoring.score({ requestId: 'one', userId, image: { case: 'imageBytes', value: bytes } }, { tenant });
}

test('the answer to a photo has what the contract promises', async () => {
  const { requestId, imageId, sha256, labels, tip, model, provider, deduplicated, timings, ...rest } = await score(
    newTenant(),
  );
  assert.deepEqual([requestId, provider, deduplicated], ['one', 'cpu', false]);
  assert.match(imageId, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual([model?.name, model?.version, labels[0]?.name], ['food', '1', 'Banana']);
  assert.ok(labels[0]!.confidence <= 1 && tip.length > 0 && rest.score! > 4 && rest.uncertainty < 0.2);
  const { totalMicros, decodeMicros, queueMicros, inferenceMicros, batchImages } = timings!;
  assert.equal(batchImages, 1);
  assert.ok(totalMicros >= decodeMicros + queueMicros + inferenceMicros);
});

test('a photo without food, and one that is too large, are answers', async () => {
  const none = await score(newTenant(), await greyPhoto());
  assert.deepEqual([none.rejection?.reason, none.score, none.labels, none.tip], ['NOT_FOOD', undefined, [], '']);
  assert.notEqual(none.imageId, '');
  const large = await score(newTenant(), new Uint8Array(3 * 1024 * 1024));
  assert.deepEqual([large.rejection?.reason, large.imageId, large.sha256], ['TOO_LARGE', '', '']);
  assert.match(large.rejection!.message, /\d/);
});

test('a request without a photo is refused', async () => {
  await assert.rejects(scoring.score({}), { reason: 'INVALID_REQUEST' });
});

test('a photo on its way has until the deadline', async () => {
  const image = { case: 'imageBytes', value: newPhoto() } as const;
  await assert.rejects(scoring.score({ image }, { timeoutMillis: 0.001 }), { reason: 'DEADLINE_EXCEEDED' });
});

describe('an expert', () => {
  test('has the last word, beside which the model keeps its own', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const { imageId, score: modelScore, labels } = await score(tenant, bytes);
    const word = { score: 2, labels: ['Banana-Split'], reviewerId: 'expert', comment: 'with a lot of cream' };
    const { record, sequence } = await scoring.reviewScore({ imageId, ...word }, { tenant });
    assert.deepEqual([record?.score, record?.modelScore, record?.labels], [2, modelScore, labels]);
    assert.partialDeepStrictEqual(record?.review, word);
    const { record: known } = await scoring.getScore({ imageId: imageId.toUpperCase() }, { tenant });
    assert.deepEqual(known, record);

    const again = await score(tenant, bytes);
    assert.deepEqual([again.score, again.deduplicated, again.review?.reviewerId], [2, true, 'expert']);
    assert.deepEqual(
      again.labels.map(({ name, confidence }) => [name, confidence]),
      [['Banana-Split', 1]],
    );
    const reviews = (await journalled(scorer.palate, tenant)).filter(
      ({ event }) => event?.payload.case === 'mealReviewed',
    );
    assert.deepEqual(
      reviews.map(({ sequence }) => sequence),
      [sequence],
    );
    const { meals } = await scorer.palate.recommendation.getProfile(
      { userId: 'ada', minSequence: sequence },
      { tenant },
    );
    assert.deepEqual([meals[0]?.score, meals[0]?.reviewed, meals[0]?.modelScore], [2, true, modelScore]);
  });

  test('who speaks of the labels alone leaves the score as it is; the last word counts', async () => {
    const tenant = newTenant();
    const { imageId, score: modelScore } = await score(tenant);
    const review = (word: object) => scoring.reviewScore({ imageId, reviewerId: 'expert', ...word }, { tenant });
    const { record } = await review({ labels: ['Plantain'] });
    assert.deepEqual([record?.score, record?.review?.labels], [modelScore, ['Plantain']]);
    assert.equal((await review({ score: 1 })).record?.score, 1);
    const last = (await review({ score: 3.5 })).record;
    assert.deepEqual([last?.score, last?.modelScore, last?.review?.labels], [3.5, modelScore, []]);
  });

  test('decides what the next tip goes by', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const { imageId, tip } = await score(tenant, bytes);
    await scoring.reviewScore({ imageId, score: 1, labels: ['Red-Wine'], reviewerId: 'expert' }, { tenant });
    const after = await score(tenant, bytes);
    assert.equal(after.tip, 'A glass of water beside the wine makes both last longer.');
    assert.notEqual(after.tip, tip);
  });

  test('may say that a refused photo shows food after all', async () => {
    const tenant = newTenant();
    const bytes = await greyPhoto();
    const { imageId } = await score(tenant, bytes);
    await scoring.reviewScore({ imageId, score: 4, labels: ['Porridge'], reviewerId: 'expert' }, { tenant });
    const { score: stands, rejection, labels } = await score(tenant, bytes);
    assert.deepEqual([stands, rejection, labels[0]?.name], [4, undefined, 'Porridge']);
  });

  test('is refused what is not known, or not allowed', async () => {
    const tenant = newTenant();
    const { imageId } = await score(tenant);
    const unknown = crypto.randomUUID();
    const by = { reviewerId: 'expert', score: 3 };
    await assert.rejects(scoring.reviewScore({ ...by, imageId: unknown }, { tenant }), { reason: 'SCORE_UNKNOWN' });
    await assert.rejects(scoring.getScore({ imageId: unknown }, { tenant }), { reason: 'SCORE_UNKNOWN' });
    await assert.rejects(scoring.reviewScore({ imageId, score: 3 }, { tenant }), { reason: 'INVALID_REQUEST' });
    await assert.rejects(scoring.reviewScore({ ...by, imageId, score: 6 }, { tenant }), { reason: 'INVALID_REQUEST' });
  });

  test("finds other tenants' photos nowhere", async () => {
    const [tenant, other] = [newTenant(), newTenant()];
    const { imageId } = await score(tenant);
    const by = { imageId, reviewerId: 'expert', score: 3 };
    await assert.rejects(scoring.getScore({ imageId }, { tenant: other }), { reason: 'SCORE_UNKNOWN' });
    await assert.rejects(scoring.reviewScore(by, { tenant: other }), { reason: 'SCORE_UNKNOWN' });
    assert.deepEqual((await scoring.listScores({}, { tenant: other })).records, []);
  });
});

describe("the expert's queue", () => {
  const words = [0.1, 0.5, 0.3, 0.5, 0.9].map((uncertainty, index) => ({ uncertainty, imageId: idOf(index) }));

  function idOf(index: number): string {
    return `0190c3f0-0000-7000-8000-00000000000${index}`;
  }

  async function filled(): Promise<string> {
    const tenant = newTenant();
    for (const [index, { uncertainty, imageId }] of words.entries()) {
      await scorer.records.put(tenant, {
        imageId,
        sha256: `${index}`.repeat(64),
        score: 3,
        rejection: undefined,
        labels: [{ name: 'Pizza', confidence: 0.5 }],
        model: { name: 'food', version: '1' },
        uncertainty,
        isEstimate: false,
        provider: 'cpu',
        userId: 'ada',
        visitorId: '',
        sessionId: '',
        itemId: '',
        scoredAtMicros: 1e15,
      });
    }
    return tenant;
  }

  const inOrder = [4, 1, 3, 2, 0].map(idOf);

  test('has the most uncertain first, and comes in pages', async () => {
    const tenant = await filled();
    const all = await scoring.listScores({}, { tenant });
    assert.deepEqual(
      all.records.map(({ imageId }) => imageId),
      inOrder,
    );
    assert.equal(all.nextPageToken, '');
    const paged: string[] = [];
    let pageToken = '';
    do {
      const page = await scoring.listScores({ pageSize: 2, pageToken }, { tenant });
      assert.ok(page.records.length <= 2);
      paged.push(...page.records.map(({ imageId }) => imageId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    assert.deepEqual(paged, inOrder);
    const { records } = await scoring.listScores({ minUncertainty: 0.5 }, { tenant });
    assert.deepEqual(
      records.map(({ imageId }) => imageId),
      inOrder.slice(0, 3),
    );
  });

  test('no longer has what was reviewed, unless it is asked for', async () => {
    const tenant = await filled();
    await scoring.reviewScore({ imageId: idOf(4), score: 1, reviewerId: 'expert' }, { tenant });
    const open = await scoring.listScores({}, { tenant });
    assert.deepEqual(
      open.records.map(({ imageId }) => imageId),
      inOrder.slice(1),
    );
    const { records } = await scoring.listScores({ includeReviewed: true }, { tenant });
    assert.deepEqual(
      records.map(({ imageId }) => imageId),
      [...inOrder.slice(1), idOf(4)],
    );
  });

  test('has no refused photos, and refuses a token that is none', async () => {
    const tenant = newTenant();
    await score(tenant, await greyPhoto());
    assert.deepEqual((await scoring.listScores({}, { tenant })).records, []);
    await assert.rejects(scoring.listScores({ pageToken: 'none' }, { tenant }), { reason: 'INVALID_PAGE_TOKEN' });
    await assert.rejects(scoring.listScores({ pageSize: 201 }, { tenant }), { reason: 'INVALID_REQUEST' });
  });
});

test('ListModels tells of the model and what its instances did', async () => {
  const of = async () => (await scoring.listModels({})).models[0]!;
  const before = await of();
  await score(newTenant());
  const { model, isDefault, requestedProvider, provider, instances, labels, embeddingLength, sha256 } = await of();
  assert.deepEqual([model?.name, isDefault, requestedProvider, provider], ['food', true, 'cpu', 'cpu']);
  assert.deepEqual([labels.length, embeddingLength], [116, 256]);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  const [instance] = instances;
  assert.equal(instance!.images - before.instances[0]!.images, 1n);
  assert.equal(instance!.batches - before.instances[0]!.batches, 1n);
  assert.ok(instance!.perImageMicros > 0);
});

test('GetScoringStatus tells of the stores, and of what waits for them', async () => {
  await score(newTenant());
  await scorer.keeper.settled();
  const { photoStore, recordStore, ...counts } = await scoring.getScoringStatus({});
  for (const store of [photoStore, recordStore]) {
    assert.deepEqual([store?.answers, store?.reason], [true, '']);
    assert.ok(store!.answerMicros > 0n);
  }
  assert.deepEqual([photoStore?.kind, recordStore?.kind], ['disk', 'lmdb']);
  assert.ok(counts.photosKept > 0n && counts.sequence === 5n && counts.lag === 2n);
  assert.deepEqual([counts.photosFailed, counts.photosDropped, counts.photosWaiting], [0n, 0n, 0n]);
});
