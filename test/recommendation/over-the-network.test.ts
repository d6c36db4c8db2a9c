import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createRecommendationService } from '../../src/recommendation/service.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { runServer } from '../rpc/running-server.ts';
import { feedOf, openTemporaryJournal } from './journal-fixture.ts';
import { upserted, viewed } from './tenant-fixture.ts';

async function serve(t: TestContext) {
  const open = await openTemporaryJournal();
  const feed = feedOf(open);
  await feed.start();
  await open.append([upserted('a', { title: 'A' }), ...viewed('s1', 'a', 'b'), ...viewed('s2', 'a', 'b')]);
  const service = createRecommendationService({
    feed,
    parsePlacement: () => {
      throw new Error('none is expected');
    },
    onHidden: (_errorId, cause) => {
      throw cause;
    },
  });
  const running = await runServer(t, [service]);
  const client = createGrpcClient(RecommendationService, running.grpc);
  t.after(async () => {
    client.close();
    await feed.stop();
    await open.close();
  });
  return { ...running, open, feed, call: client.call };
}

it('answers over gRPC, with its own status for each failure of a stream', async (t) => {
  const { call, open, feed } = await serve(t);
  const single = await call.recommend({ placement: 'item', contextItemId: 'a', explain: true });
  assert.equal(single.items[0]?.itemId, 'b');
  assert.equal(single.items[0]?.reasons[0]?.text, "Often seen together with 'A'");
  const own = BigInt(feed.state.sequence + 1);
  async function* ask() {
    yield { requestId: 'waits', placement: 'home', minSequence: own };
    yield { requestId: 'fails', placement: 'nowhere' };
    yield { requestId: 'works', placement: 'home', recentItemIds: ['a'] };
  }
  const order: string[] = [];
  for await (const { requestId, outcome } of call.recommendStream(ask())) {
    order.push(`${requestId}: ${outcome.case}`);
    if (requestId === 'works') await open.append(viewed('s3', 'c'));
  }
  assert.deepEqual(order, ['fails: status', 'works: result', 'waits: result']);
});

it('answers in JSON over HTTP, and refuses in the same words', async (t) => {
  const { post } = await serve(t);
  const path = '/palate.recommendation.v1.RecommendationService/Recommend';
  const answer = await post(path, JSON.stringify({ placement: 'home', recentItemIds: ['a'], limit: 1 }));
  const { items } = (await answer.json()) as { items: { itemId: string; strategy: string }[] };
  assert.deepEqual(
    items.map(({ itemId, strategy }) => [itemId, strategy]),
    [['b', 'session']],
  );
  const refused = await post(path, JSON.stringify({ placement: 'home', filter: 'item.nosuch' }));
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /INVALID_FILTER/);
});

it('ends a stream that lives on when the server drains, with a reason to ask elsewhere', async (t) => {
  const { call, server } = await serve(t);
  async function* ask() {
    yield { requestId: '1', placement: 'home' };
    await new Promise(() => undefined);
  }
  const answers = call.recommendStream(ask())[Symbol.asyncIterator]();
  assert.equal((await answers.next()).value?.requestId, '1');
  const ended = assert.rejects(answers.next(), { reason: 'SHUTTING_DOWN' });
  await server.drain?.(AbortSignal.timeout(2_000));
  await ended;
});
