import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
  RecommendResponseSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { CallHeaders } from '../../../src/access/authorize.ts';
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
    authorize: ({ method, tenant, get }: CallHeaders): undefined => {
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
