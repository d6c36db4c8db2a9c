import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import type {
  RecommendationService,
  RecommendStreamRequestSchema,
  RecommendStreamResponse,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { statusCodes } from '../../src/errors.ts';
import { digestOf } from '../../src/recommendation/fold/digest.ts';
import { createRecommendationService } from '../../src/recommendation/service.ts';
import type { JournalFeed } from '../../src/recommendation/state-feed.ts';
import type { Client } from '../../src/rpc/client/client.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from './journal-fixture.ts';
import { beginSeconds, upserted, viewed, viewedBy } from './tenant-fixture.ts';

let open: OpenJournal;
let feed: JournalFeed;
let client: Client<typeof RecommendationService>;
const hidden: unknown[] = [];

before(async () => {
  open = await openTemporaryJournal();
  feed = feedOf(open);
  await feed.start();
  const service = createRecommendationService({
    feed,
    parsePlacement: () => {
      throw new Error('none is expected');
    },
    onHidden: (_id, cause) => hidden.push(cause),
    now: () => (beginSeconds + 1_000) * 1e6,
  });
  client = createMemoryClient(service, { tenant: 'shop' });
  await open.append(
    [
      ...['a', 'b', 'c', 'd', 'e'].map((id, at) =>
        upserted(id, {
          title: id.toUpperCase(),
          categories: ['letters'],
          price: { currencyCode: 'EUR', micros: String(at * 1e6) },
        }),
      ),
      ...viewed('s1', 'a', 'b', 'c'),
      ...viewed('s2', 'a', 'b', 'd'),
      ...viewed('s3', 'e'),
    ],
    'shop',
  );
});

after(async () => {
  await feed.stop();
  await open.close();
});

describe('Recommend', () => {
  it('answers with items, reasons, an id of its own and the sequence', async () => {
    const answer = await client.recommend({ placement: 'home', recentItemIds: ['a'], explain: true });
    assert.match(answer.recommendationId, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal(answer.sequence, BigInt(feed.state.sequence));
    assert.equal(answer.incomplete, false);
    assert.deepEqual(answer.items.map(({ itemId }) => itemId).sort(), ['b', 'c', 'd', 'e']);
    const b = answer.items.find(({ itemId }) => itemId === 'b')!;
    assert.equal(b.strategy, 'session');
    assert.deepEqual([b.reasons[0]?.text, b.reasons[0]?.sessions], ["2 earlier visits with 'A' also had this", 2]);
  });

  it('keeps to limit, filter and exclude_current as the request says', async () => {
    const one = await client.recommend({ placement: 'home', recentItemIds: ['a'], limit: 1 });
    assert.equal(one.items.length, 1);
    assert.deepEqual(one.items[0]?.reasons, []);
    const dear = await client.recommend({ placement: 'home', recentItemIds: ['a'], filter: 'item.price > 2.5' });
    assert.deepEqual(dear.items.map(({ itemId }) => itemId).sort(), ['d', 'e']);
    const all = await client.recommend({ placement: 'home', recentItemIds: ['a'], excludeCurrent: false });
    assert.ok(all.items.some(({ itemId }) => itemId === 'a'));
  });

  it('refuses what it cannot answer, with the reason', async () => {
    await assert.rejects(client.recommend({ placement: 'nowhere' }), {
      reason: 'UNKNOWN_PLACEMENT',
      message: /cart, home, item, trending/,
    });
    await assert.rejects(client.recommend({ placement: 'home', filter: 'item.' }), { reason: 'INVALID_FILTER' });
    await assert.rejects(client.recommend({ placement: 'home', asOf: { moment: { case: 'sequence', value: 1n } } }), {
      reason: 'AS_OF_UNAVAILABLE',
    });
    await assert.rejects(client.recommend({ placement: '' }), { reason: 'INVALID_REQUEST' });
  });

  it('waits for min_sequence: a caller sees their own writes, or is told that the state is behind', async () => {
    const next = BigInt(feed.state.sequence + 1);
    const waiting = client.recommend({ placement: 'home', recentItemIds: ['q'], minSequence: next });
    await open.append(viewed('s4', 'q', 'r'), 'shop');
    const answer = await waiting;
    assert.ok(answer.sequence >= next);
    const behind = client.recommend({ placement: 'home', minSequence: 99_999n }, { timeoutMillis: 100 });
    await assert.rejects(behind, { reason: 'STATE_BEHIND' });
  });

  it('knows nothing of another tenant', async () => {
    const answer = await client.recommend({ placement: 'home', recentItemIds: ['a'] }, { tenant: 'other' });
    assert.deepEqual(answer.items, []);
    await assert.rejects(client.recommend({ placement: 'nowhere' }, { tenant: 'other' }), {
      reason: 'UNKNOWN_PLACEMENT',
    });
  });
});

type StreamRequest = MessageInitShape<typeof RecommendStreamRequestSchema>;

async function ask(
  ...requests: readonly (StreamRequest | Uint8Array)[]
): Promise<Map<string, RecommendStreamResponse['outcome']>> {
  async function* send() {
    yield* requests;
  }
  const found = new Map<string, RecommendStreamResponse['outcome']>();
  for await (const { requestId, outcome } of client.recommendStream(send())) found.set(requestId, outcome);
  return found;
}

function reasonOf(outcome: RecommendStreamResponse['outcome'] | undefined): string | undefined {
  assert.equal(outcome?.case, 'status');
  if (outcome?.case !== 'status') return undefined;
  return outcome.value.details
    .map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason)
    .find((reason) => reason !== undefined);
}

describe('RecommendStream', () => {
  it('answers each request by its id, and a failure does not end it', async () => {
    const answers = await ask(
      { requestId: '1', placement: 'home', recentItemIds: ['a'] },
      { requestId: '2', placement: 'nowhere' },
      { requestId: '3', placement: 'home', filter: '1 +' },
      { requestId: '4', placement: 'home', limit: 5_000 },
      { requestId: '5', placement: 'home', minSequence: 99_999n, timeout: { nanos: 5_000_000 } },
      { requestId: '6', placement: 'trending' },
    );
    assert.deepEqual([...answers.keys()].sort(), ['1', '2', '3', '4', '5', '6']);
    assert.equal(answers.get('1')?.case, 'result');
    assert.equal(answers.get('6')?.case, 'result');
    const reasons = ['2', '3', '4', '5'].map((id) => reasonOf(answers.get(id)));
    assert.deepEqual(reasons, ['UNKNOWN_PLACEMENT', 'INVALID_FILTER', 'INVALID_REQUEST', 'STATE_BEHIND']);
    const second = answers.get('2');
    assert.equal(second?.case === 'status' && second.value.code, statusCodes.NOT_FOUND);
    assert.deepEqual(hidden, []);
  });

  it('does not let a request that waits hold up the ones behind it', async () => {
    const order: string[] = [];
    async function* send() {
      yield { requestId: 'slow', placement: 'home', minSequence: 99_999n, timeout: { nanos: 30_000_000 } };
      yield { requestId: 'quick', placement: 'home' };
    }
    for await (const { requestId } of client.recommendStream(send())) order.push(requestId);
    assert.deepEqual(order, ['quick', 'slow']);
  });

  it('refuses an id that is not answered yet', async () => {
    const outcomes: (string | undefined)[] = [];
    async function* send() {
      yield { requestId: 'x', placement: 'home', minSequence: 99_999n, timeout: { nanos: 10_000_000 } };
      yield { requestId: 'x', placement: 'home' };
    }
    for await (const { outcome } of client.recommendStream(send())) outcomes.push(reasonOf(outcome));
    assert.deepEqual(outcomes, ['INVALID_REQUEST', 'STATE_BEHIND']);
  });

  it('ends only at bytes that are no request', async () => {
    await assert.rejects(ask(Uint8Array.of(255)), { reason: 'MALFORMED_MESSAGE' });
  });
});

describe('lists', () => {
  it('gives similar items page by page, each once', async () => {
    const whole = await client.listSimilarItems({ itemId: 'a', explain: true });
    assert.deepEqual(whole.items.map(({ itemId }) => itemId).sort(), ['b', 'c', 'd']);
    assert.equal(whole.items[0]?.reasons[0]?.text, "Often seen together with 'A'");
    assert.equal(whole.nextPageToken, '');
    const found: string[] = [];
    let pageToken = '';
    do {
      const page = await client.listSimilarItems({ itemId: 'a', pageSize: 1, pageToken });
      found.push(...page.items.map(({ itemId }) => itemId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    assert.deepEqual(
      found,
      whole.items.map(({ itemId }) => itemId),
    );
  });

  it('gives trending items of a category, filtered, page by page', async () => {
    const first = await client.listTrendingItems({ category: 'letters', filter: 'item.price < 3.5', pageSize: 2 });
    const second = await client.listTrendingItems({
      category: 'letters',
      filter: 'item.price < 3.5',
      pageSize: 5,
      pageToken: first.nextPageToken,
    });
    const all = [...first.items, ...second.items].map(({ itemId }) => itemId);
    assert.deepEqual(all.toSorted(), ['a', 'b', 'c', 'd']);
    assert.deepEqual((await client.listTrendingItems({ category: 'numbers' })).items, []);
  });

  it('refuses the token of another request', async () => {
    const { nextPageToken } = await client.listTrendingItems({ pageSize: 1 });
    assert.notEqual(nextPageToken, '');
    for (const other of [{ category: 'letters' }, { filter: 'true' }]) {
      await assert.rejects(client.listTrendingItems({ ...other, pageToken: nextPageToken }), {
        reason: 'INVALID_PAGE_TOKEN',
      });
    }
    await assert.rejects(client.listTrendingItems({ pageToken: nextPageToken }, { tenant: 'other' }), {
      reason: 'INVALID_PAGE_TOKEN',
    });
    await assert.rejects(client.listSimilarItems({ itemId: 'a', pageToken: nextPageToken }), {
      reason: 'INVALID_PAGE_TOKEN',
    });
  });
});

describe('Rescore', () => {
  it("orders the caller's items: judged ones first, then the others in their order with 0, each once", async () => {
    const itemIds = ['new-to-us', 'e', 'd', 'b', 'another', 'b'];
    const { items } = await client.rescore({ placement: 'home', recentItemIds: ['a'], itemIds, explain: true });
    assert.deepEqual(items.map(({ itemId, strategy }) => [itemId, strategy]).slice(-2), [
      ['new-to-us', ''],
      ['another', ''],
    ]);
    assert.deepEqual(items.map(({ itemId }) => itemId).sort(), ['another', 'b', 'd', 'e', 'new-to-us']);
    assert.deepEqual(items.at(-1)?.score, 0);
    assert.ok(items[0]!.score > 0 && items[0]!.strategy === 'session');
  });

  it('leaves out what may not be shown, and adds nothing', async () => {
    const { items } = await client.rescore({
      placement: 'home',
      itemIds: ['a', 'd', 'new-to-us'],
      filter: 'item.price > 1.0',
    });
    assert.deepEqual(
      items.map(({ itemId }) => itemId),
      ['d'],
    );
    const elsewhere = await client.rescore({ placement: 'home', itemIds: ['p', 'q'] }, { tenant: 'other' });
    assert.deepEqual(
      elsewhere.items.map(({ itemId }) => itemId),
      ['p', 'q'],
    );
  });
});

describe('GetProfile', () => {
  it('has what the person did, and is empty for a stranger', async () => {
    await open.append(
      [
        {
          userId: 'u',
          userUpserted: { attributes: { diet: { stringValue: 'vegan' }, likes: { listValue: { values: ['x'] } } } },
        },
        ...viewedBy('u', 'a', 'b'),
        { userId: 'u', itemReacted: { itemId: 'b', reaction: 'REACTION_LIKE' } },
        { userId: 'u', cartAdded: { itemId: 'c', quantity: 2, unitPrice: { currencyCode: 'EUR', micros: '5' } } },
        { userId: 'u', listAdded: { listId: 'wish', itemId: 'd' } },
        {
          userId: 'u',
          orderCompleted: {
            orderId: 'o',
            lines: [{ itemId: 'c', quantity: 2 }],
            value: { currencyCode: 'EUR', micros: '10' },
          },
        },
        {
          userId: 'u',
          mealScored: {
            imageId: '0190c3f0-0000-7000-8000-000000000001',
            sha256: '0'.repeat(64),
            score: 4.5,
            labels: [{ name: 'salad', confidence: 0.9 }],
          },
        },
        { userId: 'u', visitorId: 'v', identityMerged: {} },
      ],
      'shop',
    );
    const profile = await client.getProfile({ userId: 'u', interactionLimit: 2 });
    assert.equal(profile.userId, 'u');
    assert.deepEqual(profile.visitorIds, ['v']);
    assert.equal(profile.personalised, true);
    assert.deepEqual(profile.attributes['diet']?.kind, { case: 'stringValue', value: 'vegan' });
    assert.equal(profile.interactions.length, 2);
    assert.deepEqual(
      profile.opinions.map(({ itemId, reaction }) => [itemId, reaction]),
      [['b', 1]],
    );
    assert.deepEqual(
      profile.lists.map(({ listId, itemIds }) => [listId, itemIds]),
      [['wish', ['d']]],
    );
    assert.deepEqual(
      profile.orders.map(({ orderId, lines, value }) => [orderId, lines[0]?.quantity, value?.micros]),
      [['o', 2, 10n]],
    );
    assert.deepEqual(
      profile.meals.map(({ score, labels, reviewed }) => [score, labels[0]?.name, reviewed]),
      [[4.5, 'salad', false]],
    );
    assert.ok(profile.firstSeenAt !== undefined && profile.lastSeenAt !== undefined);
    const stranger = await client.getProfile({ visitorId: 'nobody' });
    assert.deepEqual([stranger.userId, stranger.interactions, stranger.firstSeenAt], ['', [], undefined]);
    await assert.rejects(client.getProfile({}), { reason: 'INVALID_REQUEST' });
  });
});

describe('GetStateStatus', () => {
  it('has sizes and the digest of the tenant, which changes with its events only', async () => {
    const status = await client.getStateStatus({});
    const tenant = feed.state.tenant('shop')!;
    assert.equal(status.digest, digestOf(tenant));
    assert.deepEqual(
      [status.items, status.events, status.lag],
      [BigInt(tenant.catalogue.size), BigInt(tenant.events), 0n],
    );
    assert.equal((await client.getStateStatus({ omitDigest: true })).digest, '');
    await open.append(viewed('s', 'a'), 'elsewhere');
    assert.equal((await client.getStateStatus({})).digest, status.digest);
    await open.append([{ itemRemoved: { itemId: 'e' } }], 'shop');
    const later = await client.getStateStatus({});
    assert.notEqual(later.digest, status.digest);
    assert.equal(later.eligibleItems, status.eligibleItems - 1n);
    assert.ok(later.appendedAt !== undefined);
  });

  it('is empty for a tenant without events', async () => {
    const status = await client.getStateStatus({}, { tenant: 'other' });
    assert.deepEqual([status.items, status.events], [0n, 0n]);
    assert.match(status.digest, /^[0-9a-f]{64}$/);
  });
});
