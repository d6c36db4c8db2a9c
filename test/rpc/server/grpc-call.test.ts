import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import {
  IngestService,
  PublishStreamResponseSchema,
  SubscribeRequestSchema,
  SubscribeResponseSchema,
} from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
  RecommendResponseSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError, statusCodes } from '../../../src/errors.ts';
import type { Call } from '../../../src/rpc/call.ts';
import { bindService, onWire } from '../../../src/rpc/handlers.ts';
import {
  callBytes,
  create,
  detailsOf,
  fromBinary,
  identity,
  pathOf,
  runServer,
  toBinary,
  until,
} from '../running-server.ts';

const recommend = pathOf(RecommendationService.method.recommend);
const publish = pathOf(IngestService.method.publish);
const publishStream = pathOf(IngestService.method.publishStream);
const subscribe = pathOf(IngestService.method.subscribe);

function request(placement = 'home'): Uint8Array {
  return toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement }));
}

function reasonOf(error: Parameters<typeof detailsOf>[0]): string | undefined {
  const bytes = detailsOf(error).get('google.rpc.ErrorInfo');
  return bytes && fromBinary(ErrorInfoSchema, bytes).reason;
}

test('a unary call has its answer, its headers and its trailers', async (t) => {
  const service = bindService(RecommendationService, {
    recommend({ placement }, call) {
      call.setHeader('x-header', 'head');
      call.setTrailer('x-trailer-bin', Uint8Array.of(1, 2));
      return { recommendationId: `${placement} for ${call.tenant}` };
    },
  });
  const client = (await runServer(t, [service])).client();
  const metadata = new Metadata();
  metadata.set('palate-tenant', 'acme');
  const seen: Metadata[] = [];
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const call = client.makeUnaryRequest(
      recommend,
      identity,
      identity,
      Buffer.from(request()),
      metadata,
      (error, answer) => (error ? reject(error) : resolve(answer as Buffer)),
    );
    call.on('metadata', (headers) => seen.push(headers));
    call.on('status', (status) => seen.push(status.metadata));
  });
  assert.equal(fromBinary(RecommendResponseSchema, bytes).recommendationId, 'home for acme');
  await until(() => seen.length === 2);
  assert.deepEqual(seen[0]?.get('x-header'), ['head']);
  assert.deepEqual(seen[1]?.get('x-trailer-bin'), [Buffer.of(1, 2)]);
});

test('an error has its code, reason, fields and time to wait, and its message is whole', async (t) => {
  const message = 'a=b; 100% of “ä😀” & /x?y#z\nnext';
  const service = bindService(RecommendationService, {
    recommend() {
      const violations = [{ field: 'recent_item_ids[3]', description: 'ä' }];
      throw new PalateError('OVERLOADED', message, { retryAfterMillis: 1_500, violations, metadata: { queue: '9' } });
    },
  });
  const { error } = await callBytes((await runServer(t, [service])).client(), recommend, request());
  assert.equal(error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.equal(error?.details, message);
  const details = detailsOf(error!);
  const info = fromBinary(ErrorInfoSchema, details.get('google.rpc.ErrorInfo')!);
  assert.deepEqual([info.reason, info.domain, info.metadata], ['OVERLOADED', 'palate', { queue: '9' }]);
  const [violation] = fromBinary(BadRequestSchema, details.get('google.rpc.BadRequest')!).fieldViolations;
  assert.equal(violation?.field, 'recent_item_ids[3]');
  const delay = fromBinary(RetryInfoSchema, details.get('google.rpc.RetryInfo')!).retryDelay;
  assert.deepEqual([delay?.seconds, delay?.nanos], [1n, 500_000_000]);
});

test('a stranger is hidden: the wire has an id, the log has the cause under it', async (t) => {
  const logged: { fields: Record<string, unknown>; message: string }[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object, message: string) => logged.push({ fields: fields as Record<string, unknown>, message }),
  };
  const service = bindService(RecommendationService, {
    async recommend() {
      throw new TypeError('the secret cause');
    },
  });
  const server = await runServer(t, [service], { log });
  const { error } = await callBytes(server.client(), recommend, request());
  assert.equal(error?.code, statusCodes.INTERNAL);
  assert.equal(error?.details, 'internal error');
  const info = fromBinary(ErrorInfoSchema, detailsOf(error!).get('google.rpc.ErrorInfo')!);
  assert.equal(info.metadata['error_id'], logged[0]?.fields['error_id']);
  assert.match(String(logged[0]?.fields['err']), /the secret cause/);
  assert.doesNotMatch(JSON.stringify(error), /secret/);
});

test("a client's retry policy works: errors are Trailers-Only", async (t) => {
  let attempts = 0;
  const service = bindService(RecommendationService, {
    async recommend() {
      attempts += 1;
      if (attempts < 3) throw new PalateError('STARTING', 'not yet');
      return { recommendationId: 'third' };
    },
  });
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: '0.01s',
    maxBackoff: '0.05s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const config = { loadBalancingConfig: [], methodConfig: [{ name: [{}], retryPolicy }] };
  const client = (await runServer(t, [service])).client({ 'grpc.service_config': JSON.stringify(config) });
  const { bytes } = await callBytes(client, recommend, request());
  assert.equal(fromBinary(RecommendResponseSchema, bytes!).recommendationId, 'third');
  assert.equal(attempts, 3);
});

test('a tenant that is none is refused before the body is read', async (t) => {
  let handled = false;
  const service = bindService(RecommendationService, {
    recommend() {
      handled = true;
      return {};
    },
  });
  const { error } = await callBytes((await runServer(t, [service])).client(), recommend, Buffer.from('not a message'), {
    headers: { 'palate-tenant': 'Not One' },
  });
  assert.equal(reasonOf(error!), 'INVALID_TENANT');
  assert.equal(handled, false);
});

test('authorize sees the headers and may refuse', async (t) => {
  const options = {
    authorize: ({ method, tenant, get }: { method: string; tenant: string; get(name: string): string | undefined }) => {
      if (get('authorization') !== 'Bearer t')
        throw new PalateError('INVALID_TENANT', `${method} is not for ${tenant}`);
    },
  };
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const client = (await runServer(t, [service], { options })).client();
  const refused = await callBytes(client, recommend, request(), { headers: { 'palate-tenant': 'acme' } });
  assert.equal(refused.error?.details, 'palate.recommendation.v1.RecommendationService/Recommend is not for acme');
  const allowed = await callBytes(client, recommend, request(), { headers: { authorization: 'Bearer t' } });
  assert.ok(allowed.bytes);
});

test('a request that breaks rules names every field by its path', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const bad = create(RecommendRequestSchema, { recentItemIds: ['a', ''], limit: 0 });
  const { error } = await callBytes(
    (await runServer(t, [service])).client(),
    recommend,
    toBinary(RecommendRequestSchema, bad),
  );
  assert.equal(reasonOf(error!), 'INVALID_REQUEST');
  const { fieldViolations } = fromBinary(BadRequestSchema, detailsOf(error!).get('google.rpc.BadRequest')!);
  assert.deepEqual(fieldViolations.map(({ field }) => field).sort(), ['limit', 'placement', 'recent_item_ids[1]']);
});

test('bytes that are no message are the caller’s error', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const { error } = await callBytes(
    (await runServer(t, [service])).client(),
    recommend,
    Uint8Array.of(0x0a, 0x05, 0x61),
  );
  assert.equal(error?.code, statusCodes.INVALID_ARGUMENT);
  assert.equal(reasonOf(error!), 'MALFORMED_MESSAGE');
});

test('a handler on the wire gets the bytes as they came, bad UTF-8 and all', async (t) => {
  const got: Buffer[] = [];
  const service = bindService(IngestService, {
    publish: onWire((bytes) => {
      got.push(Buffer.from(bytes));
      return { accepted: 1 };
    }),
  });
  const sent = Uint8Array.of(0x0a, 0x03, 0x0a, 0x01, 0xff, 0xf8, 0x3f, 0x01);
  const { bytes } = await callBytes((await runServer(t, [service])).client(), publish, sent);
  assert.ok(bytes);
  assert.deepEqual(got, [Buffer.from(sent)]);
});

test('an unknown method and one without a handler are NOT_IMPLEMENTED', async (t) => {
  const server = await runServer(t, [bindService(RecommendationService, {})]);
  const client = server.client();
  for (const path of [recommend, '/palate.recommendation.v1.RecommendationService/Nope', '/no.Such/Thing']) {
    const { error } = await callBytes(client, path, request());
    assert.equal(error?.code, statusCodes.UNIMPLEMENTED);
    assert.equal(reasonOf(error!), 'NOT_IMPLEMENTED');
    assert.match(error.details, new RegExp(path.slice(1)));
  }
});

test('messages over the limits are refused both ways, with a reason', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement.repeat(50) }),
  });
  const client = (await runServer(t, [service], { options: { receiveMaxBytes: 1_000, sendMaxBytes: 2_000 } })).client();
  const large = await callBytes(client, recommend, request('x'.repeat(1_001)));
  assert.equal(large.error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.equal(reasonOf(large.error!), 'MESSAGE_TOO_LARGE');
  const answer = await callBytes(client, recommend, request('x'.repeat(200)));
  assert.equal(answer.error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.equal(reasonOf(answer.error!), 'MESSAGE_TOO_LARGE');
  assert.ok((await callBytes(client, recommend, request('x'.repeat(20)))).bytes);
});

test('a small message that unpacks to a large one is refused', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const server = await runServer(t, [service], { options: { receiveMaxBytes: 100_000 } });
  const client = server.client({ 'grpc.default_compression_algorithm': 2 });
  const bomb = Buffer.alloc(5_000_000);
  assert.ok(gzipSync(bomb).length < 100_000);
  const { error } = await callBytes(client, recommend, bomb);
  assert.equal(reasonOf(error!), 'MESSAGE_TOO_LARGE');
});

test('gzip requests are read', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement }),
  });
  const client = (await runServer(t, [service])).client({ 'grpc.default_compression_algorithm': 2 });
  const { bytes } = await callBytes(client, recommend, request('z'.repeat(200)));
  assert.equal(fromBinary(RecommendResponseSchema, bytes!).recommendationId, 'z'.repeat(200));
});

test('a large answer goes out in gzip to a caller who sends gzip, and plain to others', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }, call) => {
      call.setHeader('x-own', 'kept');
      return { recommendationId: placement.repeat(100) };
    },
  });
  const server = await runServer(t, [service]);
  for (const isGzip of [true, false]) {
    const client = server.client({ 'grpc.default_compression_algorithm': isGzip ? 2 : 0 });
    const { bytes } = await callBytes(client, recommend, request('z'.repeat(200)));
    assert.equal(fromBinary(RecommendResponseSchema, bytes!).recommendationId, 'z'.repeat(20_000));
    assert.deepEqual(await rawAnswer(server.grpc, isGzip, 200), {
      encoding: isGzip ? 'gzip' : 'identity',
      own: 'kept',
      isGzip,
    });
  }
  assert.equal((await rawAnswer(server.grpc, true, 1)).isGzip, false);
});

/** How an answer lies on the wire, by a bare HTTP/2 client: grpc-js unpacks it without a word. */
async function rawAnswer(address: string, sendsGzip: boolean, size: number) {
  const session = connectHttp2(`http://${address}`);
  try {
    const plain = request('z'.repeat(size));
    const body = sendsGzip ? gzipSync(plain) : plain;
    const head = Buffer.alloc(5);
    head.writeUInt8(sendsGzip ? 1 : 0, 0);
    head.writeUInt32BE(body.length, 1);
    const stream = session.request({
      ':method': 'POST',
      ':path': recommend,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(sendsGzip ? { 'grpc-encoding': 'gzip' } : {}),
    });
    stream.end(Buffer.concat([head, body]));
    const [headers] = await once(stream, 'response');
    const frame = Buffer.concat(await stream.toArray());
    return { encoding: headers['grpc-encoding'], own: headers['x-own'], isGzip: frame.readUInt8(0) === 1 };
  } finally {
    session.close();
  }
}

test('metadata over the limit is refused', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const client = (await runServer(t, [service])).client();
  const { error } = await callBytes(client, recommend, request(), { headers: { 'x-large': 'x'.repeat(20_000) } });
  assert.equal(error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.ok((await callBytes(client, recommend, request(), { headers: { 'x-small': 'x'.repeat(1_000) } })).bytes);
});

test('the deadline answers at once though the handler still runs, and its signal aborts', async (t) => {
  const never = Promise.withResolvers<never>();
  const calls: Call[] = [];
  const service = bindService(RecommendationService, {
    recommend(_, call) {
      calls.push(call);
      return never.promise;
    },
  });
  const client = (await runServer(t, [service], { options: { defaultTimeoutMillis: 60 } })).client();
  const { error } = await callBytes(client, recommend, request());
  assert.equal(error?.code, statusCodes.DEADLINE_EXCEEDED);
  assert.equal(reasonOf(error!), 'DEADLINE_EXCEEDED');
  const [call] = calls;
  assert.equal(call?.signal.aborted, true, 'also when it is first looked at afterwards');
  assert.equal(call?.signal.reason.reason, 'DEADLINE_EXCEEDED');
  assert.equal(call?.remainingMillis(), 0);
});

test("a caller's longer deadline is cut, a shorter one kept", async (t) => {
  const remaining: number[] = [];
  const service = bindService(RecommendationService, {
    recommend(_, call) {
      remaining.push(call.remainingMillis());
      return {};
    },
  });
  const client = (
    await runServer(t, [service], { options: { defaultTimeoutMillis: 5_000, maxTimeoutMillis: 9_000 } })
  ).client();
  await callBytes(client, recommend, request());
  await callBytes(client, recommend, request(), { deadline: Date.now() + 60_000 });
  await callBytes(client, recommend, request(), { deadline: Date.now() + 2_000 });
  const [unset = 0, long = 0, short = 0] = remaining;
  assert.ok(unset > 4_000 && unset <= 5_000);
  assert.ok(long > 8_000 && long <= 9_000);
  assert.ok(short > 1_000 && short <= 2_000);
});

test('a caller who cancels aborts the signal', async (t) => {
  const aborted = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    async recommend(_, { signal }) {
      started.resolve();
      await once(signal, 'abort');
      aborted.resolve(signal.reason);
      throw signal.reason;
    },
  });
  const client = (await runServer(t, [service])).client();
  const call = client.makeUnaryRequest(recommend, identity, identity, Buffer.from(request()), () => {});
  await started.promise;
  call.cancel();
  assert.equal(((await aborted.promise) as PalateError).reason, 'CANCELLED');
});

test('a hundred calls at once are each answered', async (t) => {
  const service = bindService(RecommendationService, {
    async recommend({ placement }) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { recommendationId: placement };
    },
  });
  const client = (await runServer(t, [service])).client();
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => callBytes(client, recommend, request(`p${index}`))),
  );
  const ids = outcomes.map(({ bytes }) => fromBinary(RecommendResponseSchema, bytes!).recommendationId);
  assert.deepEqual(
    ids,
    Array.from({ length: 100 }, (_, index) => `p${index}`),
  );
});

test('a bidirectional stream answers in order, then ends', async (t) => {
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches) {
      for await (const batch of batches) yield { accepted: batch.length };
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  for (let size = 0; size < 50; size++) stream.write(Buffer.alloc(size));
  stream.end();
  const accepted: number[] = [];
  for await (const bytes of stream) accepted.push(fromBinary(PublishStreamResponseSchema, bytes).accepted);
  assert.deepEqual(
    accepted,
    Array.from({ length: 50 }, (_, index) => index),
  );
});

test('a server stream that fails delivers what came before', async (t) => {
  const service = bindService(IngestService, {
    async *subscribe() {
      yield { throughSequence: 1n };
      throw new PalateError('SLOW_CONSUMER', 'too slow');
    },
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.alloc(0));
  const got: bigint[] = [];
  stream.on('data', (bytes: Buffer) => got.push(fromBinary(SubscribeResponseSchema, bytes).throughSequence));
  const [error] = await once(stream, 'error');
  assert.deepEqual(got, [1n]);
  assert.equal(reasonOf(error), 'SLOW_CONSUMER');
});

test('a stream lives past the default deadline, but not past its own', async (t) => {
  const service = bindService(IngestService, {
    async *subscribe(_, call) {
      await new Promise((resolve) => setTimeout(resolve, 80));
      yield { throughSequence: 1n };
      await once(call.signal, 'abort');
    },
  });
  const client = (await runServer(t, [service], { options: { defaultTimeoutMillis: 20 } })).client();
  const deadline = Date.now() + 300;
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.alloc(0), { deadline });
  let got = 0;
  stream.on('data', () => {
    got += 1;
  });
  const [error] = await once(stream, 'error');
  assert.equal(got, 1);
  assert.equal(error.code, statusCodes.DEADLINE_EXCEEDED);
});

test('a caller who stops reading stops the handler, and who leaves ends it', async (t) => {
  const chunk = create(SubscribeResponseSchema, { records: [{ event: { userId: 'x'.repeat(60_000) } }] });
  let made = 0;
  let finished = false;
  const service = bindService(IngestService, {
    async *subscribe() {
      try {
        for (;;) {
          made += 1;
          yield chunk;
        }
      } finally {
        finished = true;
      }
    },
  });
  const client = (await runServer(t, [service])).client();
  const request = toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema));
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.from(request));
  await once(stream, 'readable');
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(made < 400, `${made} messages were made for a caller who reads none`);
  stream.on('error', () => {});
  stream.cancel();
  await until(() => finished);
});

test('a caller who floods is not read while the handler does not take', async (t) => {
  const taken = Promise.withResolvers<void>();
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches, call) {
      for await (const batch of batches) {
        yield { accepted: batch.length };
        taken.resolve();
        await once(call.signal, 'abort');
      }
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  stream.on('error', () => {});
  stream.on('data', () => {});
  const batch = Buffer.alloc(100_000);
  let written = 0;
  const write = (): void => {
    stream.write(batch, () => {
      written += 1;
      if (written < 1_000) write();
    });
  };
  write();
  await taken.promise;
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(written < 200, `${written} messages of 100 kB went to a handler that took one`);
  stream.cancel();
});

test('a connection that breaks mid-stream ends the handler on both sides of its stream', async (t) => {
  const outcome = Promise.withResolvers<unknown>();
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches) {
      try {
        for await (const batch of batches) yield { accepted: batch.length };
        outcome.resolve('ended');
      } catch (error) {
        outcome.resolve(error);
        throw error;
      }
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  stream.on('error', () => {});
  stream.write(Buffer.alloc(3));
  await once(stream, 'data');
  client.close();
  stream.cancel();
  assert.equal(((await outcome.promise) as PalateError).reason, 'CANCELLED');
});

test('peer, method and trace are there when asked for', async (t) => {
  const seen: unknown[] = [];
  const service = bindService(RecommendationService, {
    recommend(_, call) {
      seen.push(call.peer, call.method.name, Buffer.from(call.trace).toString(), call.metadata.get('x-y'));
      return {};
    },
  });
  const client = (await runServer(t, [service])).client();
  await callBytes(client, recommend, request(), {
    headers: { traceparent: '00-a-b-01', tracestate: 'k=v', 'x-y': 'z' },
  });
  assert.match(String(seen[0]), /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(seen.slice(1), ['Recommend', '00-a-b-01\nk=v', 'z']);
});

test('a header that metadata cannot hold is a fault of the handler, and the call is answered', async (t) => {
  const fields: [string, string | Uint8Array][] = [
    ['X-Upper', 'v'],
    ['x-a', 'ä'],
    ['x-a-bin', 'text'],
    ['x-a', Uint8Array.of(1)],
  ];
  const service = bindService(RecommendationService, {
    recommend({ placement }, call) {
      call.setTrailer(...fields[Number(placement)]!);
      return {};
    },
  });
  const client = (await runServer(t, [service])).client();
  for (const index of fields.keys()) {
    const { error } = await callBytes(client, recommend, request(String(index)));
    assert.equal(error?.code, statusCodes.INTERNAL);
  }
});

/** Speaks HTTP/2 by hand, as a broken or hostile client does. */
async function speak(t: TestContext, address: string, headers: Record<string, string>, body: Uint8Array) {
  const session = connectHttp2(`http://${address}`);
  t.after(() => session.destroy());
  const stream = session.request({ ':method': 'POST', te: 'trailers', ...headers });
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [Record<string, string | number>];
  return answer;
}

test('broken framing and foreign content types are refused', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const { grpc } = await runServer(t, [service]);
  const proto = { ':path': recommend, 'content-type': 'application/grpc' };
  const truncated = await speak(t, grpc, proto, Uint8Array.of(0, 0, 0, 0, 9, 1, 2));
  assert.equal(truncated['grpc-status'], '3');
  const nothing = await speak(t, grpc, proto, new Uint8Array(0));
  assert.equal(nothing['grpc-status'], '3');
  const twice = await speak(t, grpc, proto, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  assert.equal(twice['grpc-status'], '3');
  const huge = await speak(t, grpc, proto, Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff));
  assert.equal(huge['grpc-status'], '8');
  const foreign = await speak(t, grpc, { ...proto, 'content-type': 'text/plain' }, new Uint8Array(0));
  assert.equal(foreign[':status'], 415);
});
