import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import type { Call } from '../../../src/rpc/call.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { bindService, type Handlers } from '../../../src/rpc/handlers.ts';
import { callBytes, detailsOf, pathOf, until } from '../running-server.ts';
import { runEdge, runOwner } from './mesh-of.ts';

type Recommending = Partial<Handlers<typeof RecommendationService>>;

/** An edge, and a client of it that tries once, before processes that recommend. */
async function edgeBefore(t: TestContext, ...handlers: readonly Recommending[]) {
  const owners = [];
  for (const each of handlers) owners.push(await runOwner(t, bindService(RecommendationService, each)));
  const edge = await runEdge(
    t,
    RecommendationService,
    owners.map(({ grpc }) => grpc),
    { peers: { patienceMillis: 300 } },
  );
  const client = createGrpcClient(RecommendationService, edge.grpc, { attempts: 1 });
  t.after(() => client.close());
  return { edge, owners, call: client.call };
}

describe('a call that is passed on', () => {
  it('has its tenant, trace and time there, and its answer here', async (t) => {
    let seen: Call | undefined;
    const { call } = await edgeBefore(t, {
      recommend({ placement }, there) {
        seen = there;
        return { recommendationId: `for ${placement}` };
      },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const options = { tenant: 'acme', timeoutMillis: 5_000, metadata: { traceparent } };
    const before = Date.now();
    assert.equal((await call.recommend({ placement: 'home' }, options)).recommendationId, 'for home');
    assert.equal(seen?.tenant, 'acme');
    assert.equal(Buffer.from(seen.trace).toString(), traceparent);
    assert.ok(seen.deadlineMillis > before + 4_000 && seen.deadlineMillis < Date.now() + 5_000);
  });

  it('comes back as the error that it met there, with its details', async (t) => {
    const violations = [{ field: 'placement', description: 'must be known' }];
    const { edge } = await edgeBefore(t, {
      recommend() {
        throw new PalateError('INVALID_REQUEST', 'no such placement', { violations, metadata: { placement: 'x' } });
      },
    });
    const request = toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'x' }));
    const { error } = await callBytes(edge.client(), pathOf(RecommendationService.method.recommend), request);
    assert.equal(error?.code, 3);
    assert.match(error?.details ?? '', /no such placement/);
    assert.deepEqual([...detailsOf(error!).keys()].toSorted(), ['google.rpc.BadRequest', 'google.rpc.ErrorInfo']);
  });

  it('is validated by who runs it', async (t) => {
    const { call } = await edgeBefore(t, { recommend: () => ({}) });
    await assert.rejects(call.recommend({ limit: 2 ** 31 - 1, placement: 'x' }), { reason: 'INVALID_REQUEST' });
  });

  it('answers JSON on the HTTP port as well', async (t) => {
    const { edge } = await edgeBefore(t, { recommend: () => ({ recommendationId: 'r' }) });
    const answer = await edge.post(pathOf(RecommendationService.method.recommend), '{"placement":"home"}');
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as { recommendationId: string }).recommendationId, 'r');
  });

  it('is cancelled there when its caller leaves', async (t) => {
    let there: AbortSignal | undefined;
    const { call } = await edgeBefore(t, {
      recommend(_request, { signal }) {
        there = signal;
        return Promise.withResolvers<never>().promise;
      },
    });
    const leaving = new AbortController();
    const answer = call.recommend({ placement: 'x' }, { signal: leaving.signal });
    await until(() => there !== undefined);
    leaving.abort();
    await assert.rejects(answer, { reason: 'CANCELLED' });
    await until(() => there?.aborted === true);
  });

  it('ends by the word of who runs it when time is up', async (t) => {
    const { call } = await edgeBefore(t, { recommend: () => Promise.withResolvers<never>().promise });
    await assert.rejects(call.recommend({ placement: 'x' }, { timeoutMillis: 200 }), { reason: 'DEADLINE_EXCEEDED' });
  });

  it('goes to another process when the first one stops, and fails for nobody', async (t) => {
    const answered = [0, 0];
    const counting = (index: number): Recommending => ({
      recommend() {
        answered[index]! += 1;
        return { recommendationId: String(index) };
      },
    });
    const { owners, call } = await edgeBefore(t, counting(0), counting(1));
    let isDone = false;
    let failures = 0;
    const load = (async () => {
      while (!isDone) await call.recommend({ placement: 'x' }).catch(() => (failures += 1));
    })();
    await until(() => answered[0]! > 5 && answered[1]! > 5);
    await owners[0]!.server.drain(AbortSignal.timeout(1_000));
    await owners[0]!.server.stop();
    const after = answered[1]!;
    await until(() => answered[1]! > after + 20);
    isDone = true;
    await load;
    assert.equal(failures, 0);
  });

  it('is tried again only where to do it twice does no harm', async (t) => {
    let asked = 0;
    const flaky: Recommending = {
      recommend() {
        asked += 1;
        if (asked === 1) throw new PalateError('WORKER_LOST', 'it died');
        return { recommendationId: 'second' };
      },
    };
    const { call } = await edgeBefore(t, flaky);
    assert.equal((await call.recommend({ placement: 'x' })).recommendationId, 'second');
    assert.equal(asked, 2);
  });

  it('is counted by the process that it went to, and by how it ended', async (t) => {
    let asked = 0;
    const flaky: Recommending = {
      recommend({ placement }) {
        asked += 1;
        if (asked === 1) throw new PalateError('WORKER_LOST', 'it died');
        if (placement === 'no') throw new PalateError('UNKNOWN_PLACEMENT', 'there is none');
        return {};
      },
    };
    const { edge, call, owners } = await edgeBefore(t, flaky);
    await call.recommend({ placement: 'x' });
    await assert.rejects(call.recommend({ placement: 'no' }), { reason: 'UNKNOWN_PLACEMENT' });
    const [peer] = edge.peers.all;
    assert.deepEqual([peer?.address.target, peer?.isThere, peer?.calls.underWay], [owners[0]?.grpc, true, 0]);
    assert.deepEqual(Object.fromEntries(peer?.calls.ended ?? []), { UNAVAILABLE: 1, OK: 1, NOT_FOUND: 1 });
    await owners[0]!.server.stop();
    await assert.rejects(call.recommend({ placement: 'x' }), { reason: 'UNREACHABLE' });
    assert.deepEqual([...edge.peers.unserved], [[RecommendationService.typeName, 1]]);
    assert.equal(peer?.isThere, false);
  });

  it('is refused soon and clearly where nobody runs the service', async (t) => {
    const { owners, call } = await edgeBefore(t, { recommend: () => ({}) });
    await owners[0]!.server.stop();
    const began = Date.now();
    await assert.rejects(call.recommend({ placement: 'x' }), (error: PalateError) => {
      assert.equal(error.reason, 'UNREACHABLE');
      assert.match(error.message, /RecommendationService runs elsewhere, and none of 1 processes serves/);
      assert.deepEqual(error.metadata, { service: RecommendationService.typeName });
      assert.ok(error.retryAfterMillis !== undefined);
      return true;
    });
    assert.ok(Date.now() - began < 2_000);
  });

  it('is not passed on twice', async (t) => {
    const { edge } = await edgeBefore(t, { recommend: () => ({}) });
    const request = toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'x' }));
    const headers = { 'palate-forwarded': '1' };
    const { error } = await callBytes(edge.client(), pathOf(RecommendationService.method.recommend), request, {
      headers,
    });
    assert.match(error?.details ?? '', /does not run/);
  });
});

describe('a stream that is passed on', () => {
  it('goes both ways, message by message', async (t) => {
    const { call } = await edgeBefore(t, {
      async *recommendStream(requests) {
        for await (const { requestId } of requests) yield { requestId };
      },
    });
    const gate = Promise.withResolvers<void>();
    async function* ask() {
      yield { requestId: 'a', placement: 'x' };
      await gate.promise;
      yield { requestId: 'b', placement: 'x' };
    }
    const answers = call.recommendStream(ask())[Symbol.asyncIterator]();
    assert.equal((await answers.next()).value?.requestId, 'a');
    gate.resolve();
    assert.equal((await answers.next()).value?.requestId, 'b');
    assert.equal((await answers.next()).done, true);
  });

  it('ends with the error there', async (t) => {
    const { call } = await edgeBefore(t, {
      // biome-ignore lint/correctness/useYield: it fails before the first answer
      async *recommendStream() {
        throw new PalateError('OVERLOADED', 'too much', { retryAfterMillis: 70 });
      },
    });
    await assert.rejects(Array.fromAsync(call.recommendStream((async function* () {})())), {
      reason: 'OVERLOADED',
      retryAfterMillis: 70,
    });
  });

  it('answers what it has when the process that passes it on stops', async (t) => {
    const { edge, call } = await edgeBefore(t, {
      async *recommendStream(requests) {
        for await (const { requestId } of requests) yield { requestId };
      },
    });
    async function* ask() {
      yield { requestId: 'a', placement: 'x' };
      await Promise.withResolvers<never>().promise;
    }
    const answers = call.recommendStream(ask())[Symbol.asyncIterator]();
    assert.equal((await answers.next()).value?.requestId, 'a');
    const drained = edge.server.drain(AbortSignal.timeout(2_000));
    await assert.rejects(answers.next(), { reason: 'SHUTTING_DOWN' });
    await drained;
  });

  it('of answers alone ends at both ends when its taker leaves', async (t) => {
    let isOver = false;
    const service = bindService(IngestService, {
      async *subscribe(_request, { signal }) {
        try {
          for (let sequence = 1n; !signal.aborted; sequence++) {
            yield { throughSequence: sequence };
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          isOver = true;
        }
      },
    });
    const owner = await runOwner(t, service);
    const edge = await runEdge(t, IngestService, [owner.grpc]);
    const client = createGrpcClient(IngestService, edge.grpc);
    t.after(() => client.close());
    for await (const { throughSequence } of client.call.subscribe({})) if (throughSequence > 100n) break;
    await until(() => isOver);
  });
});

it('an event’s bytes are the same behind the one that passes them on', async (t) => {
  const sent = create(EventSchema, {
    eventId: crypto.randomUUID(),
    payload: { case: 'itemViewed', value: { itemId: '42' } },
  });
  let received: readonly Event[] = [];
  const service = bindService(IngestService, {
    publish({ events }) {
      received = events;
      return { accepted: events.length };
    },
  });
  const owner = await runOwner(t, service);
  const edge = await runEdge(t, IngestService, [owner.grpc]);
  const client = createGrpcClient(IngestService, edge.grpc);
  t.after(() => client.close());
  assert.equal((await client.call.publish({ events: [sent] })).accepted, 1);
  assert.deepEqual(toBinary(EventSchema, received[0]!), toBinary(EventSchema, sent));
});
