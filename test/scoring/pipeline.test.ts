import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import type { MealScored } from '../../gen/palate/event/v1/meal_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { newUuid } from '../../src/events/uuid.ts';
import { silentLog } from '../../src/rpc/log.ts';
import { systemClock } from '../../src/scoring/batcher/clock.ts';
import { Outbox } from '../../src/scoring/outbox.ts';
import type { PhotoAnswer } from '../../src/scoring/pipeline.ts';
import type { ScoreRecords } from '../../src/storage/records/score-records.ts';
import { greyPhoto, newPhoto, truncatedPhoto } from './photos.ts';
import { recordingLog } from './recording-log.ts';
import { imagesRun, journalled, maxImageBytes, type OpenScorer, openScorer, photo } from './scorer.ts';

let scorer: OpenScorer;
let score: ReturnType<OpenScorer['pipeline']>;
let tenants = 0;

before(async () => {
  scorer = await openScorer();
  score = scorer.pipeline();
});
after(() => scorer.close());

const newTenant = () => `tenant-${++tenants}`;

/** The meals that the journal has of a tenant, once all that was to be sent is there. */
async function mealsOf(tenant: string): Promise<{ event: Event; meal: MealScored }[]> {
  while (scorer.outbox.places > 0) await new Promise((resolve) => setImmediate(resolve));
  const records = await journalled(scorer.palate, tenant);
  return records.map(({ event }) => ({ event: event!, meal: event!.payload.value as MealScored }));
}

async function ranImages(work: () => Promise<unknown>): Promise<number> {
  const before = imagesRun(scorer);
  await work();
  return imagesRun(scorer) - before;
}

const idsOf = ({ kept }: PhotoAnswer) => kept?.record.imageId;

describe('a photo of food', () => {
  test('is scored, taken down, kept, and published once', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { kept, rejection, tip, isDeduplicated, times } = await score(photo(bytes, { userId: 'ada' }), { tenant });
    assert.deepEqual(
      [kept?.record.sha256, rejection, isDeduplicated, kept?.provider],
      [sha256, undefined, false, 'cpu'],
    );
    assert.equal(kept?.record.labels[0]?.name, 'Banana');
    assert.ok(kept.record.score! >= 4, 'fruit is good');
    assert.notEqual(tip, '');
    assert.ok(times.decodeMicros > 0 && times.inferenceMicros > 0 && times.batchImages === 1);
    await scorer.keeper.settled();
    assert.ok(bytes.equals((await scorer.objects.get({ tenant, sha256 }))!));
    assert.equal((await scorer.records.get(tenant, kept.record.imageId))?.record.userId, 'ada');

    const [{ event, meal }, ...others] = (await mealsOf(tenant)) as [{ event: Event; meal: MealScored }];
    assert.deepEqual([event.userId, meal.imageId, meal.sha256, others], ['ada', kept.record.imageId, sha256, []]);
    assert.equal(meal.score, kept.record.score);
    assert.equal(meal.embedding.length, 256);
  });

  test('is known the second time: nothing is computed, nothing is published', async () => {
    const tenant = newTenant();
    const question = photo(newPhoto(), { userId: 'ada' });
    const first = await score(question, { tenant });
    const ran = await ranImages(async () => {
      const again = await score(question, { tenant });
      assert.deepEqual([again.isDeduplicated, idsOf(again), again.tip], [true, idsOf(first), first.tip]);
      assert.deepEqual(again.times, {
        fetchMicros: 0,
        decodeMicros: 0,
        queueMicros: 0,
        inferenceMicros: 0,
        batchImages: 0,
      });
    });
    assert.equal(ran, 0);
    assert.equal((await mealsOf(tenant)).length, 1);
  });

  test("is another person's meal too, without being computed again", async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    await score(photo(bytes, { userId: 'ada' }), { tenant });
    const ran = await ranImages(async () => {
      await score(photo(bytes, { userId: 'bob' }), { tenant });
      await score(photo(bytes, { visitorId: 'a browser' }), { tenant });
      await score(photo(bytes, { userId: 'bob' }), { tenant });
      await score(photo(bytes), { tenant });
    });
    assert.equal(ran, 0);
    const meals = await mealsOf(tenant);
    assert.deepEqual(
      meals.map(({ event, meal }) => [event.userId, event.visitorId, meal.embedding.length]),
      [
        ['ada', '', 256],
        ['bob', '', 0],
        ['', 'a browser', 0],
      ],
    );
    assert.equal(new Set(meals.map(({ meal }) => meal.imageId)).size, 1);
  });

  test('of another item is computed anew, for the embedding', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const first = await score(photo(bytes, { itemId: 'banana' }), { tenant });
    const ran = await ranImages(async () => {
      const other = await score(photo(bytes, { itemId: 'fruit' }), { tenant });
      assert.deepEqual([other.isDeduplicated, idsOf(other)], [false, idsOf(first)]);
      assert.equal((await score(photo(bytes, { itemId: 'fruit' }), { tenant })).isDeduplicated, true);
      assert.equal((await score(photo(bytes), { tenant })).isDeduplicated, true);
    });
    assert.equal(ran, 1);
    const meals = await mealsOf(tenant);
    assert.deepEqual(
      meals.map(({ meal }) => [meal.itemId, meal.embedding.length]),
      [
        ['banana', 256],
        ['fruit', 256],
      ],
    );
  });

  test('that many send at once is computed once, and is the meal of each', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const people = ['ada', 'bob', 'ada', 'eve', 'bob'];
    let answers: PhotoAnswer[] = [];
    const ran = await ranImages(async () => {
      answers = await Promise.all(people.map((userId) => score(photo(bytes, { userId }), { tenant })));
    });
    assert.equal(ran, 1);
    assert.deepEqual(
      answers.map(({ isDeduplicated }) => isDeduplicated),
      [false, true, true, true, true],
    );
    assert.equal(new Set(answers.map(idsOf)).size, 1);
    const owners = (await mealsOf(tenant)).map(({ event, meal }) => `${event.userId} ${meal.embedding.length}`);
    assert.deepEqual(owners.sort(), ['ada 256', 'bob 0', 'eve 0']);
  });

  test('is published though its first caller gave up, as long as another waits', async () => {
    const tenant = newTenant();
    const question = photo(newPhoto(), { userId: 'ada' });
    const cancel = new AbortController();
    const decoder = heldDecoder();
    let asked = 0;
    const find: ScoreRecords['find'] = async (...photo) => {
      const found = await scorer.records.find(...photo);
      asked += 1;
      return found;
    };
    const held = scorer.pipeline({ decoder: decoder.decoder, records: { ...scorer.records, find } });
    const first = assert.rejects(held(question, { tenant, signal: cancel.signal }), { reason: 'CANCELLED' });
    await decoder.begun;
    const second = held(question, { tenant });
    while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new PalateError('CANCELLED', 'the caller ended the call'));
    await first;
    decoder.open();
    assert.equal((await second).isDeduplicated, true);
    const [only, ...others] = await mealsOf(tenant);
    assert.deepEqual([only?.event.userId, only?.meal.embedding.length, others], ['ada', 256, []]);
  });

  test('that was scored before the process began is told again, since its event may have been lost with the one before', async () => {
    const tenant = newTenant();
    const bytes = newPhoto();
    const imageId = newUuid();
    const scoredAtMicros = Math.floor(performance.timeOrigin - 60_000) * 1e3;
    await scorer.records.put(tenant, {
      imageId,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      score: 3,
      rejection: undefined,
      labels: [{ name: 'Pizza', confidence: 0.9 }],
      model: { name: 'food', version: '1' },
      uncertainty: 0.1,
      isEstimate: false,
      provider: 'cpu',
      userId: 'ada',
      visitorId: '',
      sessionId: '',
      itemId: '',
      scoredAtMicros,
    });
    for (let again = 0; again < 2; again++) {
      assert.equal((await score(photo(bytes, { userId: 'ada' }), { tenant })).isDeduplicated, true);
    }
    const [only, ...others] = await mealsOf(tenant);
    assert.deepEqual([only?.meal.imageId, only?.event.userId, others], [imageId, 'ada', []]);
    assert.equal(microsOf(only!.event.occurredAt!), scoredAtMicros);
  });

  test('is in the profile, and the next tip goes by it', async () => {
    const tenant = newTenant();
    const meals = [];
    for (let meal = 0; meal < 3; meal++) {
      const { kept } = await score(photo(newPhoto(), { userId: 'ada' }), { tenant });
      meals.push(kept!.record.imageId);
      await mealsOf(tenant);
    }
    const profile = await scorer.palate.recommendation.getProfile({ userId: 'ada' }, { tenant });
    assert.deepEqual(profile.meals.map(({ imageId }) => imageId).sort(), meals.sort());
    const goodRun = [
      'That is several good meals in a few days. Keep whatever makes it easy for you.',
      'You are on a good run. Which of these meals would you like to have more often?',
    ];
    const fourth = await score(photo(newPhoto(), { userId: 'ada' }), { tenant });
    assert.ok(goodRun.includes(fourth.tip), fourth.tip);
    const stranger = await score(photo(newPhoto()), { tenant });
    assert.ok(!goodRun.includes(stranger.tip), 'of strangers no meals are known');
  });

  test("is its tenant's alone", async () => {
    const [one, other] = [newTenant(), newTenant()];
    const bytes = newPhoto();
    const ran = await ranImages(async () => {
      const first = await score(photo(bytes, { userId: 'ada' }), { tenant: one });
      const second = await score(photo(bytes, { userId: 'ada' }), { tenant: other });
      assert.equal(second.isDeduplicated, false);
      assert.notEqual(idsOf(first), idsOf(second));
      assert.equal(await scorer.records.get(other, idsOf(first)!), undefined);
    });
    assert.equal(ran, 2);
    await scorer.keeper.settled();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const byKey = { image: { case: 'objectKey', value: sha256 } } as const;
    assert.equal((await score(byKey, { tenant: one })).isDeduplicated, true);
    await assert.rejects(score(byKey, { tenant: newTenant() }), { reason: 'OBJECT_NOT_FOUND' });
  });
});

/** A decoder that waits to be opened. */
function heldDecoder() {
  const [begun, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { decoder } = scorer;
  const decode: typeof decoder.decode = async (...args) => {
    begun.resolve();
    await opened.promise;
    return decoder.decode(...args);
  };
  return { decoder: { decode }, begun: begun.promise, open: opened.resolve };
}

describe('what cannot be scored', () => {
  test('shows no food: an answer, known the second time, and no event', async () => {
    const tenant = newTenant();
    const bytes = await greyPhoto();
    const first = await score(photo(bytes, { userId: 'ada' }), { tenant });
    assert.equal(first.rejection?.reason, 'NOT_FOOD');
    assert.equal(first.kept?.record.score, undefined);
    const ran = await ranImages(async () => {
      const again = await score(photo(bytes, { userId: 'bob', itemId: 'wall' }), { tenant });
      assert.deepEqual([again.isDeduplicated, again.rejection?.reason, idsOf(again)], [true, 'NOT_FOOD', idsOf(first)]);
    });
    assert.equal(ran, 0);
    assert.deepEqual(await mealsOf(tenant), []);
  });

  test('cannot be read: the same, and its bytes are not kept', async () => {
    const tenant = newTenant();
    const bytes = truncatedPhoto();
    const first = await score(photo(bytes), { tenant });
    assert.equal(first.rejection?.reason, 'UNREADABLE');
    const again = await score(photo(bytes), { tenant });
    assert.deepEqual([again.isDeduplicated, again.rejection, idsOf(again)], [true, first.rejection, idsOf(first)]);
    await scorer.keeper.settled();
    assert.equal(await scorer.objects.has({ tenant, sha256: first.kept!.record.sha256 }), false);
  });

  test('is larger than a photo may be: nothing of it is kept', async () => {
    const answer = await score(photo(new Uint8Array(maxImageBytes + 1)), { tenant: newTenant() });
    assert.deepEqual([answer.rejection?.reason, answer.kept], ['TOO_LARGE', undefined]);
  });

  const unknown = 'ab'.repeat(32);
  const failures: readonly [string, string, Parameters<typeof score>[0]][] = [
    ['an unknown model', 'MODEL_UNKNOWN', photo(newPhoto(), { model: 'none' })],
    ['an unknown version', 'MODEL_UNKNOWN', photo(newPhoto(), { modelVersion: '99' })],
    ['no such time zone', 'INVALID_REQUEST', photo(newPhoto(), { timeZone: 'Middle/Earth' })],
    ['an address of our own', 'URI_FORBIDDEN', { image: { case: 'imageUri', value: 'https://127.0.0.1/x.jpg' } }],
    ['no address', 'INVALID_REQUEST', { image: { case: 'imageUri', value: 'lunch.jpg' } }],
    ['no such object', 'OBJECT_NOT_FOUND', { image: { case: 'objectKey', value: unknown } }],
  ];
  for (const [name, reason, question] of failures) {
    test(`${name} is ${reason}`, async () => {
      await assert.rejects(score(question), { reason });
      assert.equal(scorer.outbox.places, 0);
    });
  }

  test('comes after its deadline, or after its caller is gone', async () => {
    const late = score(photo(newPhoto()), { deadlineMillis: systemClock.now() - 1 });
    await assert.rejects(late, { reason: 'DEADLINE_EXCEEDED' });
    const gone = new PalateError('CANCELLED', 'the caller ended the call');
    await assert.rejects(score(photo(newPhoto()), { signal: AbortSignal.abort(gone) }), { reason: 'CANCELLED' });
  });

  test('is cancelled under way: nothing is computed, and its place is given back', async () => {
    const cancel = new AbortController();
    const { decoder, begun, open } = heldDecoder();
    const ran = await ranImages(async () => {
      const answer = scorer.pipeline({ decoder })(photo(newPhoto()), { signal: cancel.signal });
      await begun;
      cancel.abort(new PalateError('CANCELLED', 'the caller ended the call'));
      await assert.rejects(answer, { reason: 'CANCELLED' });
      open();
    });
    assert.equal(ran, 0);
    await mealsOf('');
  });
});

describe('when a part fails', () => {
  const broken: Pick<ScoreRecords, 'find' | 'put'> = {
    find: async () => {
      throw new PalateError('STORAGE_FAILED', 'the records are gone');
    },
    put: async () => {
      throw new PalateError('STORAGE_FULL', 'no room for records');
    },
  };

  test('records that fail cost the memory of the photo, and nothing else', async () => {
    const tenant = newTenant();
    const { log, lines } = recordingLog();
    const forgetful = scorer.pipeline({ records: { ...scorer.records, ...broken }, log });
    const question = photo(newPhoto(), { userId: 'ada' });
    const first = await forgetful(question, { tenant });
    assert.ok(first.kept!.record.score! > 0);
    assert.notEqual(first.tip, '');
    assert.equal((await forgetful(question, { tenant })).isDeduplicated, false);
    assert.ok((await mealsOf(tenant)).length > 0);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn', 'warn', 'warn', 'warn'],
    );
  });

  test('a recommender that fails or never answers costs the tip its meals', async () => {
    const failing = async () => {
      throw new PalateError('UNREACHABLE', 'gone');
    };
    const silent = () => new Promise<never>(() => undefined);
    for (const getProfile of [failing, silent]) {
      const { tip } = await scorer.pipeline({ recommendation: { getProfile } })(photo(newPhoto(), { userId: 'ada' }));
      assert.notEqual(tip, '');
    }
  });

  test('a line too long for a photo refuses it before its meals are asked for, and never one that is known', async () => {
    const { recommendation } = scorer.palate;
    let asked = 0;
    const getProfile: typeof recommendation.getProfile = (...about) => {
      asked += 1;
      return recommendation.getProfile(...about);
    };
    const waiting = { photos: 0 };
    const busy = scorer.pipeline({ recommendation: { getProfile }, waiting });
    const tenant = newTenant();
    const known = photo(newPhoto(), { userId: 'ada' });
    await busy(known, { tenant });
    const line = Array.from({ length: 60 }, () => busy(photo(newPhoto()), { tenant }));
    while (waiting.photos < 40) await new Promise((resolve) => setImmediate(resolve));
    const hurried = { tenant, deadlineMillis: systemClock.now() + 100 };
    await assert.rejects(busy(photo(newPhoto(), { userId: 'ada' }), hurried), { reason: 'OVERLOADED' });
    assert.equal(asked, 1);
    assert.equal((await busy(known, { tenant })).isDeduplicated, true);
    await Promise.all(line);
  });

  test('a full outbox refuses before any work', async () => {
    const outbox = new Outbox({ clock: systemClock, client: scorer.palate.ingest, log: silentLog, maxEvents: 1 });
    const place = outbox.reserve();
    const small = scorer.pipeline({ outbox });
    const question = photo(newPhoto());
    const ran = await ranImages(() => assert.rejects(small(question), { reason: 'OVERLOADED' }));
    assert.equal(ran, 0);
    place.release();
    assert.equal((await small(question)).isDeduplicated, false);
  });
});
