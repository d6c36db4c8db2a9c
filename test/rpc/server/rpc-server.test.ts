import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { bindService, onWire } from '../../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../../src/rpc/health-board.ts';
import { createRpcServer } from '../../../src/rpc/server/rpc-server.ts';
import { callBytes, create, identity, pathOf, runServer, toBinary, until } from '../running-server.ts';

const recommend = pathOf(RecommendationService.method.recommend);
const request = toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'home' }));
const never = new AbortController().signal;

test('a port in use is named', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  for (const ports of [
    { port, httpPort: 0 },
    { port: 0, httpPort: port },
  ]) {
    const server = createRpcServer({ host: '127.0.0.1', ...ports, services: [], health: createHealthBoard() });
    await assert.rejects(server.start(), { reason: 'ADDRESS_IN_USE', message: new RegExp(`127\\.0\\.0\\.1:${port}`) });
    await server.stop();
  }
});

test('an address that is not ours cannot be bound, and says so', async () => {
  const server = createRpcServer({
    host: '192.0.2.1',
    port: 0,
    httpPort: 0,
    services: [],
    health: createHealthBoard(),
  });
  await assert.rejects(server.start(), { reason: 'CONFIG_INVALID', message: /192\.0\.2\.1:0/ });
  await server.stop();
});

test('a drain lets calls finish, and says NOT_SERVING first', async (t) => {
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    async recommend() {
      started.resolve();
      await release.promise;
      return { recommendationId: 'done' };
    },
  });
  const server = await runServer(t, [service]);
  const call = callBytes(server.client(), recommend, request);
  await started.promise;
  const drained = server.server.drain(never);
  assert.equal(server.health.get(''), 'NOT_SERVING');
  release.resolve();
  assert.ok((await call).bytes);
  await drained;
});

test('new calls on a connection that is told to go are UNAVAILABLE', async (t) => {
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    async recommend() {
      started.resolve();
      await release.promise;
      return {};
    },
  });
  const server = await runServer(t, [service]);
  const client = server.client();
  const inFlight = callBytes(client, recommend, request);
  await started.promise;
  const drained = server.server.drain(never);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { error } = await callBytes(client, recommend, request, { deadline: Date.now() + 1_000 });
  assert.equal(error?.code, 14);
  release.resolve();
  assert.ok((await inFlight).bytes);
  await drained;
});

test('on the HTTP port a new call while draining is told SHUTTING_DOWN, or finds no one', async (t) => {
  const release = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    async recommend() {
      await release.promise;
      return {};
    },
  });
  const server = await runServer(t, [service]);
  const inFlight = server.post(recommend, '{"placement":"x"}');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const drained = server.server.drain(never);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const late = await server.post(recommend, '{"placement":"x"}').then(
    async (response) => [response.status, await response.text()],
    () => 'refused',
  );
  assert.match(String(late), /refused|SHUTTING_DOWN/);
  release.resolve();
  assert.equal((await inFlight).status, 200);
  await drained;
});

test('a long stream hears that the server drains, and ends itself', async (t) => {
  const service = bindService(IngestService, {
    async *subscribe(_, call) {
      yield { throughSequence: 1n };
      await once(call.draining, 'abort');
      yield { throughSequence: 2n };
    },
  });
  const server = await runServer(t, [service]);
  const stream = server
    .client()
    .makeServerStreamRequest(pathOf(IngestService.method.subscribe), identity, identity, Buffer.alloc(0));
  let got = 0;
  stream.on('data', () => {
    got += 1;
  });
  await until(() => got === 1);
  await server.server.drain(never);
  await until(() => got === 2);
});

test('what goes on past the bound is ended with SHUTTING_DOWN', async (t) => {
  const reasons: unknown[] = [];
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches, call) {
      try {
        for await (const batch of batches) yield { accepted: batch.length };
      } finally {
        reasons.push(call.signal.reason.reason);
      }
    }),
  });
  const server = await runServer(t, [service], { options: { drainMillis: 40 } });
  const stream = server.client().makeBidiStreamRequest(pathOf(IngestService.method.publishStream), identity, identity);
  stream.write(Buffer.alloc(1));
  await once(stream, 'data');
  const failed = once(stream, 'error');
  const before = Date.now();
  await server.server.drain(never);
  assert.ok(Date.now() - before < 1_000);
  const [error] = await failed;
  assert.equal(error.code, 14);
  assert.match(error.details, /shutting down/);
  assert.deepEqual(reasons, ['SHUTTING_DOWN']);
});

test('connections beyond their age are told to go, and no call fails: those under way are answered, the next take new ones', async (t) => {
  const peers = new Set<string>();
  const slow = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    async recommend(_, call) {
      const isFirst = peers.size === 0;
      peers.add(call.peer);
      if (isFirst) await slow.promise;
      return {};
    },
  });
  const server = await runServer(t, [service], {
    options: { maxConnectionAgeMillis: 40, maxConnectionAgeGraceMillis: 10_000 },
  });
  // A call that meets the GOAWAY on its way was never begun: every gRPC client sends it again by itself.
  const client = server.client();
  const answers = [callBytes(client, recommend, request)];
  await until(() => {
    answers.push(callBytes(client, recommend, request));
    return peers.size > 3;
  });
  slow.resolve();
  const errors = (await Promise.all(answers)).map(({ error }) => error?.message).filter((text) => text !== undefined);
  assert.deepEqual(errors, []);
});

test('connections without an age limit stay', async (t) => {
  const peers = new Set<string>();
  const service = bindService(RecommendationService, {
    recommend(_, call) {
      peers.add(call.peer);
      return {};
    },
  });
  for (const maxConnectionAgeMillis of [Infinity, 2 ** 31 - 1]) {
    peers.clear();
    const client = (await runServer(t, [service], { options: { maxConnectionAgeMillis } })).client();
    for (let round = 0; round < 4; round++) {
      await callBytes(client, recommend, request);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(peers.size, 1);
  }
});

test('the bounds of a connection are told to the client', async (t) => {
  const options = { windowBytes: 1_000_000, metadataMaxBytes: 10_000, maxConcurrentStreams: 77 };
  const server = await runServer(t, [], { options });
  const session = connectHttp2(`http://${server.grpc}`);
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.initialWindowSize, 1_000_000);
  assert.equal(session.remoteSettings.maxHeaderListSize, 10_000);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 77);
  await until(() => session.state.remoteWindowSize === 1_000_000);
});
