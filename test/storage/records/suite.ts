import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ScoreRecord } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { newUuid } from '../../../src/events/uuid.ts';
import type {
  ExpertWord,
  KeptScore,
  ModelWord,
  PhotoOwner,
  QueueQuery,
  ScoreRecords,
} from '../../../src/storage/records/score-records.ts';

export function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** A word on the photo of that name, at noon. */
export function wordOn(photo: string, change: Partial<ModelWord> = {}): ModelWord {
  return {
    imageId: newUuid(),
    sha256: hashOf(photo),
    score: 4,
    rejection: undefined,
    labels: [{ name: 'Kiwi', confidence: 0.5 }],
    model: { name: 'food', version: '1' },
    uncertainty: 0.25,
    isEstimate: false,
    provider: 'cpu',
    userId: '',
    visitorId: '',
    sessionId: '',
    itemId: '',
    scoredAtMicros: 1_700_000_000_000_000,
    ...change,
  };
}

export function reviewOf(change: Partial<ExpertWord> = {}): ExpertWord {
  return {
    score: 2,
    labels: ['Lime'],
    reviewerId: 'ann',
    comment: '',
    reviewedAtMicros: 1_700_000_100_000_000,
    ...change,
  };
}

/** The whole queue, unless something else is asked for. */
export function queryOf(change: Partial<QueueQuery> = {}): QueueQuery {
  const all = { includeReviewed: false, includeRejected: false, minUncertainty: 0 };
  return { limit: 50, pageToken: '', ...all, ...change };
}

/** All records of a query, page by page. `between` runs after each page. */
export async function pagedThrough(
  records: ScoreRecords,
  tenant: string,
  query: QueueQuery,
  between: () => Promise<unknown> = async () => {},
): Promise<ScoreRecord[]> {
  const all: ScoreRecord[] = [];
  let pageToken = '';
  do {
    const page = await records.list(tenant, { ...query, pageToken });
    assert.ok(page.records.length <= query.limit);
    all.push(...page.records);
    pageToken = page.nextPageToken;
    await between();
  } while (pageToken !== '');
  return all;
}

const rejection = { reason: 'NOT_FOOD', message: 'No food.' };

/** What all score records do. `open` gives empty ones. */
export function scoreRecordsSuite(name: string, open: () => Promise<ScoreRecords>): void {
  describe(`${name}, as all score records`, () => {
    it('find a photo by its hash and its id, in either case', async () => {
      const records = await open();
      const word = wordOn('a', { userId: 'u', visitorId: 'v', sessionId: 's', itemId: 'i' });
      const kept = await records.put('', word);
      assert.equal(kept.record.score, 4);
      assert.equal(kept.record.modelScore, 4);
      assert.equal(kept.record.userId, 'u');
      assert.equal(kept.record.itemId, 'i');
      assert.equal(kept.record.uncertainty, 0.25);
      assert.deepEqual(
        kept.record.labels.map(({ name }) => name),
        ['Kiwi'],
      );
      assert.deepEqual([kept.visitorId, kept.sessionId, kept.provider], ['v', 's', 'cpu']);
      assert.equal(kept.record.scoredAt?.seconds, 1_700_000_000n);
      assert.deepEqual(await records.find('', word.sha256), kept);
      assert.deepEqual(await records.get('', word.imageId), kept);
      assert.deepEqual(await records.get('', word.imageId.toUpperCase()), kept);
      await records.close();
    });

    it('know what they do not have', async () => {
      const records = await open();
      assert.equal(await records.find('', hashOf('a')), undefined);
      assert.equal(await records.get('', newUuid()), undefined);
      assert.equal(await records.get('', 'no id'), undefined);
      assert.equal(await records.review('', newUuid(), reviewOf()), undefined);
      assert.deepEqual(await records.list('', queryOf()), { records: [], nextPageToken: '' });
      assert.deepEqual(await records.deleteOf('', () => true), []);
      await records.close();
    });

    it('refuse what is no hash or no id', async () => {
      const records = await open();
      await assert.rejects(records.put('', wordOn('a', { sha256: 'A'.repeat(64) })), { reason: 'INTERNAL' });
      await assert.rejects(records.put('', wordOn('a', { imageId: 'a' })), { reason: 'INTERNAL' });
      await records.close();
    });

    it('keep the first id and the review when a newer model speaks', async () => {
      const records = await open();
      const first = wordOn('a');
      await records.put('', first);
      await records.review('', first.imageId, reviewOf());
      const second = wordOn('a', { score: 5, model: { name: 'food', version: '2' }, scoredAtMicros: 1.8e15 });
      const { record, imageIds } = await records.put('', second);
      assert.equal(record.imageId, first.imageId);
      assert.deepEqual(imageIds, [first.imageId, second.imageId]);
      assert.deepEqual([record.score, record.modelScore, record.model?.version], [2, 5, '2']);
      assert.equal((await records.get('', second.imageId))?.record.imageId, first.imageId);
      await records.close();
    });

    it('let the expert stand above the model, also where it refused', async () => {
      const records = await open();
      const word = wordOn('a', { score: undefined, rejection, labels: [], uncertainty: 0 });
      const refused = await records.put('', word);
      assert.equal(refused.record.score, undefined);
      assert.equal(refused.record.rejection?.reason, 'NOT_FOOD');
      const reviewed = await records.review('', word.imageId, reviewOf({ score: 3 }));
      assert.deepEqual([reviewed?.record.score, reviewed?.record.rejection], [3, undefined]);
      assert.deepEqual(reviewed?.record.review?.labels, ['Lime']);
      const withdrawn = reviewOf({ score: undefined, reviewedAtMicros: 1.9e15 });
      const again = await records.review('', word.imageId, withdrawn);
      assert.equal(again?.record.rejection?.reason, 'NOT_FOOD');
      assert.equal(again?.record.score, undefined);
      await records.close();
    });

    it('let the last review count, in whatever order they come', async () => {
      const records = await open();
      const word = wordOn('a');
      await records.put('', word);
      await records.review('', word.imageId, reviewOf({ score: 5, reviewedAtMicros: 2e15 }));
      const kept = await records.review('', word.imageId, reviewOf({ score: 1, reviewedAtMicros: 1.9e15 }));
      assert.equal(kept?.record.score, 5);
      await records.close();
    });

    it('keep a review for a photo that is yet to come, where asked to', async () => {
      const records = await open();
      const word = wordOn('a');
      await records.review('', word.imageId, reviewOf({ score: 5, reviewedAtMicros: 2e15 }), { keepUnknown: true });
      await records.review('', word.imageId, reviewOf({ score: 1, reviewedAtMicros: 1.9e15 }), { keepUnknown: true });
      assert.equal(await records.get('', word.imageId), undefined);
      assert.equal((await records.put('', word)).record.score, 5);
      await records.close();
    });

    it('queue the most uncertain first, reviewed and refused ones behind where asked for', async () => {
      const records = await open();
      const words = [0.1, 0.9, 0.5].map((uncertainty, index) => wordOn(`p${index}`, { uncertainty }));
      await Promise.all(words.map((word) => records.put('', word)));
      await records.put('', wordOn('none', { score: undefined, rejection, uncertainty: 0 }));
      await records.review('', words[1]!.imageId, reviewOf());
      const listed = async (change: Partial<QueueQuery>) =>
        (await records.list('', queryOf(change))).records.map(({ uncertainty }) => uncertainty);
      assert.deepEqual(await listed({}), [0.5, 0.1]);
      assert.deepEqual(await listed({ includeReviewed: true }), [0.5, 0.1, 0.9]);
      assert.deepEqual(await listed({ includeReviewed: true, includeRejected: true }), [0.5, 0.1, 0.9, 0]);
      assert.deepEqual(await listed({ includeReviewed: true, minUncertainty: 0.5 }), [0.5, 0.9]);
      await records.close();
    });

    it('give each photo once, page by page, while others come', async () => {
      const records = await open();
      const words = Array.from({ length: 23 }, (_, n) => wordOn(`p${n}`, { uncertainty: (n % 5) / 10 }));
      await Promise.all(words.map((word) => records.put('', word)));
      let later = 0;
      const between = () => records.put('', wordOn(`later ${later++}`, { uncertainty: (later % 10) / 10 }));
      const seen = await pagedThrough(records, '', queryOf({ limit: 4 }), between);
      const ids = seen.map(({ imageId }) => imageId);
      assert.equal(new Set(ids).size, ids.length);
      for (const { imageId } of words) assert.ok(ids.includes(imageId));
      const uncertainties = seen.map(({ uncertainty }) => uncertainty);
      assert.deepEqual(
        uncertainties,
        uncertainties.toSorted((a, b) => b - a),
      );
      await records.close();
    });

    it('refuse a token that is not theirs, or of another query', async () => {
      const records = await open();
      await Promise.all(['a', 'b', 'c'].map((photo) => records.put('', wordOn(photo))));
      const { nextPageToken: pageToken } = await records.list('', queryOf({ limit: 1 }));
      assert.notEqual(pageToken, '');
      for (const change of [{ includeReviewed: true, pageToken }, { pageToken: 'x' }, { pageToken: `${pageToken}A` }]) {
        await assert.rejects(records.list('', queryOf(change)), { reason: 'INVALID_PAGE_TOKEN' });
      }
      assert.equal((await records.list('', queryOf({ limit: 5, pageToken }))).records.length, 2);
      await records.close();
    });

    it('forget photos with all their ids, places and waiting reviews', async () => {
      const records = await open();
      const [mine, yours] = [wordOn('a', { userId: 'me' }), wordOn('b', { userId: 'you' })];
      const waiting = newUuid();
      await Promise.all([mine, yours].map((word) => records.put('', word)));
      const alias = wordOn('a', { scoredAtMicros: 1 });
      await records.put('', alias);
      await records.review('', waiting, reviewOf(), { keepUnknown: true });
      const owners: PhotoOwner[] = [];
      const isMine = (owner: PhotoOwner) => {
        owners.push(owner);
        return owner.userId === 'me' || owner.imageIds.includes(waiting);
      };
      assert.deepEqual(await records.hashesOf('', isMine), [mine.sha256]);
      const when = (all: readonly { readonly scoredAtMicros: number }[]) =>
        new Set(all.map((each) => each.scoredAtMicros));
      assert.deepEqual(when(owners), when([mine, yours]));
      assert.ok(await records.find('', mine.sha256));
      assert.deepEqual(await records.deleteOf('', isMine), [mine.sha256]);
      assert.equal(await records.find('', mine.sha256), undefined);
      for (const id of [mine.imageId, alias.imageId]) assert.equal(await records.get('', id), undefined);
      assert.equal((await records.list('', queryOf())).records.length, 1);
      const late = await records.put('', wordOn('c', { imageId: waiting }));
      assert.equal(late.record.review, undefined);
      assert.equal((await records.get('', yours.imageId))?.record.userId, 'you');
      await records.close();
    });

    it('follow one journal, and begin anew for another', async () => {
      const records = await open();
      assert.equal(await records.follow('one'), 0);
      await records.put('', wordOn('a'));
      await records.setSequence(7);
      assert.equal(await records.follow('one'), 7);
      assert.equal(records.lastSequence, 7);
      assert.equal(await records.follow('two'), 0);
      assert.equal(records.lastSequence, 0);
      assert.equal(await records.find('', hashOf('a')), undefined);
      await records.close();
    });

    it('come to the same whatever the order of the words', async () => {
      const records = await open();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 6 }),
          fc.boolean(),
          async (times, anonymous) => {
            const photo = `photo ${run++}`;
            const imageId = newUuid();
            const words = times.map((time) => {
              const userId = anonymous && time % 2 === 1 ? '' : `user ${time}`;
              return wordOn(photo, { imageId, score: 1 + (time % 5), userId, scoredAtMicros: 1e15 + time });
            });
            const outcome = async (tenant: string, order: readonly ModelWord[]): Promise<KeptScore | undefined> => {
              for (const word of order) await records.put(tenant, word);
              return records.get(tenant, imageId);
            };
            const newestLast = words.toSorted((left, right) => left.scoredAtMicros - right.scoredAtMicros);
            const expected = await outcome('a', newestLast);
            assert.deepEqual(await outcome('b', [...words, ...words]), expected);
          },
        ),
        { numRuns: 15 },
      );
      await records.close();
    });

    it('show no tenant anything of another', async () => {
      const records = await open();
      const tenants = ['', 'a', 'aa', 'b', 'a-b'];
      const ids = Array.from({ length: 4 }, () => newUuid());
      const step = fc.record({ tenant: fc.constantFrom(...tenants), photo: fc.nat(3), act: fc.nat(3) });
      const known = new Map(tenants.map((tenant) => [tenant, new Set<number>()]));
      await fc.assert(
        fc.asyncProperty(step, async ({ tenant, photo, act }) => {
          const imageId = ids[photo]!;
          const own = known.get(tenant)!;
          if (act <= 1) await records.put(tenant, wordOn(`p${photo}`, { imageId, userId: tenant }));
          if (act <= 1) own.add(photo);
          if (act === 2) await records.review(tenant, imageId, reviewOf({ reviewerId: tenant }));
          if (act === 3) await records.deleteOf(tenant, ({ imageIds }) => imageIds.includes(imageId));
          if (act === 3) own.delete(photo);
          for (const [each, photos] of known) {
            const listed = await pagedThrough(records, each, queryOf({ limit: 2, includeReviewed: true }));
            assert.deepEqual(
              listed.map(({ imageId }) => imageId).sort(),
              [...photos].map((photo) => ids[photo]!).sort(),
            );
            for (const { userId, review } of listed)
              assert.deepEqual([userId, review?.reviewerId ?? each], [each, each]);
          }
        }),
        { numRuns: 60 },
      );
      await records.close();
    });
  });
}
