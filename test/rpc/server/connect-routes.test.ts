import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-node';
import { BadRequestSchema, ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import { IngestService, PublishRequestSchema } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import type { Call } from '../../../src/rpc/call.ts';
import { bindService, onWire } from '../../../src/rpc/handlers.ts';
import { create, fromBinary, pathOf, runServer, toBinary, until } from '../running-server.ts';

const recommend = pathOf(RecommendationService.method.recommend);
const publish = pathOf(IngestService.method.publish);
const subscribe = pathOf(IngestService.method.subscribe);

interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly debug?: Record<string, unknown> }[];
}

async function errorOf(response: Response): Promise<ErrorJson & { readonly status: number; readonly reason: unknown }> {
  const body = (await response.json()) as ErrorJson;
  const info = body.details?.find(({ type }) => type === 'google.rpc.ErrorInfo');
  return { ...body, status: response.status, reason: info?.debug?.['reason'] };
}

test('JSON in and out, with zeros written out, headers and trailers', async (t) => {
  const service = bindService(RecommendationService, {
    recommend({ placement }, call) {
      call.setHeader('x-header', 'head');
      call.setTrailer('x-trailer', 'tail');
      return { recommendationId: `${placement} for ${call.tenant}` };
    },
  });
  const server = await runServer(t, [service]);
  const response = await server.post(recommend, '{"placement":"home"}', { 'palate-tenant': 'acme' });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    recommendationId: 'home for acme',
    items: [],
    sequence: '0',
    incomplete: false,
  });
  assert.equal(response.headers.get('x-header'), 'head');
  assert.equal(response.headers.get('trailer-x-trailer'), 'tail');
});

test('a method without side effects answers GET; another does not', async (t) => {
  const recommendation = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement }),
  });
  const server = await runServer(t, [recommendation, bindService(IngestService, { publish: () => ({}) })]);
  const query = `?connect=v1&encoding=json&message=${encodeURIComponent('{"placement":"home"}')}`;
  const response = await fetch(`http://${server.http}${recommend}${query}`);
  assert.equal(((await response.json()) as { recommendationId: string }).recommendationId, 'home');
  assert.equal((await fetch(`http://${server.http}${publish}${query}`)).status, 405);
});

test('errors have the same code, reason and fields as on gRPC', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: () => {
      throw new PalateError('OVERLOADED', 'a=b; 100% “ä😀”', { retryAfterMillis: 2_000, metadata: { queue: '9' } });
    },
  });
  const server = await runServer(t, [service]);
  const thrown = await errorOf(await server.post(recommend, '{"placement":"home"}'));
  assert.deepEqual(
    [thrown.status, thrown.code, thrown.reason, thrown.message],
    [429, 'resource_exhausted', 'OVERLOADED', 'a=b; 100% “ä😀”'],
  );
  const retry = thrown.details.find(({ type }) => type === 'google.rpc.RetryInfo');
  assert.deepEqual(retry?.debug, { retryDelay: '2s' });
  const invalid = await errorOf(await server.post(recommend, '{"recentItemIds":["a",""]}'));
  assert.deepEqual([invalid.status, invalid.reason], [400, 'INVALID_REQUEST']);
  const fields = invalid.details.find(({ type }) => type === 'google.rpc.BadRequest')?.debug?.['fieldViolations'];
  assert.deepEqual((fields as { field: string }[]).map(({ field }) => field).sort(), [
    'placement',
    'recent_item_ids[1]',
  ]);
});

test('what cannot be read is refused with a reason', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const server = await runServer(t, [service], { options: { receiveMaxBytes: 10_000 } });
  const cases: [body: string | Uint8Array, headers: Record<string, string>, status: number, reason: string][] = [
    ['{"placement":', {}, 400, 'MALFORMED_MESSAGE'],
    ['{"placment":"x"}', {}, 400, 'MALFORMED_MESSAGE'],
    ['{"placement":7}', {}, 400, 'MALFORMED_MESSAGE'],
    [Uint8Array.of(10, 5, 97), { 'content-type': 'application/proto' }, 400, 'MALFORMED_MESSAGE'],
    [`{"placement":"${'x'.repeat(20_000)}"}`, {}, 429, 'MESSAGE_TOO_LARGE'],
    [gzipSync(Buffer.alloc(1_000_000, ' ')), { 'content-encoding': 'gzip' }, 429, 'MESSAGE_TOO_LARGE'],
    ['{}', { 'content-encoding': 'zstd' }, 501, 'NOT_IMPLEMENTED'],
    ['{}', { 'palate-tenant': 'No One' }, 400, 'INVALID_TENANT'],
  ];
  for (const [body, headers, status, reason] of cases) {
    const error = await errorOf(await server.post(recommend, body, headers));
    assert.deepEqual([error.status, error.reason], [status, reason], error.message);
  }
  assert.match((await errorOf(await server.post(recommend, '{"placment":"x"}'))).message, /key "placment" is unknown/);
  assert.equal((await server.post(recommend, '{}', { 'content-type': 'text/plain' })).status, 415);
});

test('a tenant that is none is refused though the body never comes', async (t) => {
  const server = await runServer(t, [bindService(RecommendationService, { recommend: () => ({}) })]);
  const [host = '', port = ''] = server.http.split(':');
  const socket = connectSocket(Number(port), host);
  t.after(() => socket.destroy());
  const headers = ['host: x', 'content-type: application/json', 'content-length: 1000', 'palate-tenant: No'];
  socket.write(`POST ${recommend} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 400 [\s\S]*INVALID_TENANT/);
});

test('unknown methods, services and pages are told apart', async (t) => {
  const server = await runServer(t, [bindService(RecommendationService, {})]);
  for (const path of [recommend, '/palate.recommendation.v1.RecommendationService/Nope', '/no.Such/Thing']) {
    const error = await errorOf(await server.post(path, '{"placement":"x"}'));
    assert.deepEqual([error.status, error.code, error.reason], [501, 'unimplemented', 'NOT_IMPLEMENTED']);
  }
  const page = await fetch(`http://${server.http}/no/such/page`);
  assert.deepEqual([page.status, ((await page.json()) as ErrorJson).code], [404, 'not_found']);
});

test('a handler on the wire gets the bytes as they came; JSON is parsed by the true schema and encoded anew', async (t) => {
  const got: Buffer[] = [];
  const service = bindService(IngestService, {
    publish: onWire((bytes) => {
      got.push(Buffer.from(bytes));
      return { accepted: 1 };
    }),
  });
  const server = await runServer(t, [service]);
  const sent = Buffer.of(0x0a, 0x03, 0x0a, 0x01, 0xff, 0xf8, 0x3f, 0x01);
  await server.post(publish, sent, { 'content-type': 'application/proto' });
  assert.deepEqual(got[0], sent);
  await server.post(publish, '{"events":[{"userId":"u","itemViewed":{"itemId":"42"}}]}');
  const [event] = fromBinary(PublishRequestSchema, got[1]!).events;
  assert.deepEqual([event?.userId, event?.payload.case], ['u', 'itemViewed']);
  const wrong = await errorOf(await server.post(publish, '{"events":[{"itemViewd":{}}]}'));
  assert.equal(wrong.reason, 'MALFORMED_MESSAGE');
  assert.equal(got.length, 2);
});

test('the deadline answers at once though the handler still runs', async (t) => {
  const calls: Call[] = [];
  const never = Promise.withResolvers<never>();
  const service = bindService(RecommendationService, {
    recommend(_, call) {
      calls.push(call);
      return never.promise;
    },
  });
  const server = await runServer(t, [service], { options: { defaultTimeoutMillis: 60 } });
  for (const headers of [{}, { 'connect-timeout-ms': '40' }]) {
    const error = await errorOf(await server.post(recommend, '{"placement":"x"}', headers));
    assert.deepEqual([error.status, error.reason], [504, 'DEADLINE_EXCEEDED']);
  }
  for (const { signal } of calls) assert.equal(signal.reason.reason, 'DEADLINE_EXCEEDED');
});

test('a caller who leaves ends a stream, and its finally runs', async (t) => {
  const reasons: unknown[] = [];
  const service = bindService(IngestService, {
    async *subscribe(_, call) {
      try {
        yield { throughSequence: 1n };
        await once(call.signal, 'abort');
      } finally {
        reasons.push(call.signal.reason);
      }
    },
  });
  const server = await runServer(t, [service]);
  const leave = new AbortController();
  const response = await fetch(`http://${server.http}${subscribe}`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json' },
    body: '\0\0\0\0\x02{}',
    signal: leave.signal,
  });
  await response.body!.getReader().read();
  leave.abort();
  await until(() => reasons.length === 1);
  assert.equal((reasons[0] as PalateError).reason, 'CANCELLED');
});

test('large answers are compressed for those who accept it', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({ recommendationId: 'x'.repeat(50_000) }) });
  const server = await runServer(t, [service]);
  const response = await server.post(recommend, '{"placement":"x"}', { 'accept-encoding': 'gzip' });
  assert.equal(response.headers.get('content-encoding'), 'gzip');
  assert.equal(((await response.json()) as { recommendationId: string }).recommendationId.length, 50_000);
});

test('gRPC-Web: unary, stream, and an error with its details', async (t) => {
  const server = await runServer(t, [
    bindService(RecommendationService, { recommend: ({ placement }) => ({ recommendationId: placement }) }),
    bindService(IngestService, {
      async *subscribe() {
        yield { throughSequence: 1n };
        yield { throughSequence: 2n };
      },
    }),
  ]);
  const transport = createGrpcWebTransport({ baseUrl: `http://${server.http}`, httpVersion: '1.1' });
  const client = createClient(RecommendationService, transport);
  assert.equal((await client.recommend({ placement: 'home' })).recommendationId, 'home');
  const sequences = await Array.fromAsync(createClient(IngestService, transport).subscribe({}));
  assert.deepEqual(
    sequences.map(({ throughSequence }) => throughSequence),
    [1n, 2n],
  );
  const invalid = await client.recommend({}).catch(ConnectError.from);
  assert.ok(invalid instanceof ConnectError);
  assert.equal(invalid.findDetails(ErrorInfoSchema)[0]?.reason, 'INVALID_REQUEST');
  assert.equal(invalid.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, 'placement');
  const unknown = await client.getProfile({ user: { case: 'userId', value: 'u' } } as never).catch(ConnectError.from);
  assert.ok(unknown instanceof ConnectError);
  assert.equal(unknown.code, Code.Unimplemented);
});

test('a bidirectional stream is not for HTTP/1.1, and says so', async (t) => {
  const service = bindService(IngestService, { publishStream: onWire(async function* () {}) });
  const server = await runServer(t, [service]);
  const path = pathOf(IngestService.method.publishStream);
  assert.equal((await server.post(path, '', { 'content-type': 'application/connect+proto' })).status, 505);
});

test('a request that is no URL is refused, and the server lives', async (t) => {
  const server = await runServer(t, [bindService(RecommendationService, { recommend: () => ({}) })]);
  const [host = '', port = ''] = server.http.split(':');
  for (const head of [`POST ${recommend} HTTP/1.1\r\nhost: a b`, `POST ${recommend} HTTP/1.0`]) {
    const socket = connectSocket(Number(port), host);
    t.after(() => socket.destroy());
    socket.write(`${head}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
  }
  assert.equal((await server.post(recommend, '{"placement":"x"}')).status, 200);
});

test('a caller who stops reading stops the handler', async (t) => {
  let made = 0;
  const service = bindService(IngestService, {
    async *subscribe() {
      for (;;) {
        made += 1;
        yield { records: [{ event: { userId: 'x'.repeat(60_000) } }] };
      }
    },
  });
  const server = await runServer(t, [service]);
  const [host = '', port = ''] = server.http.split(':');
  const socket = connectSocket(Number(port), host);
  t.after(() => socket.destroy());
  const headers = 'host: x\r\ncontent-type: application/connect+json\r\ncontent-length: 7';
  socket.write(`POST ${subscribe} HTTP/1.1\r\n${headers}\r\n\r\n\0\0\0\0\x02{}`);
  await until(() => made > 0);
  socket.pause();
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(made < 400, `${made} messages were made for a caller who reads none`);
});

test('a truncated frame is an error, not a hang', async (t) => {
  const service = bindService(IngestService, { async *subscribe() {} });
  const server = await runServer(t, [service]);
  const response = await server.post(subscribe, '\0\0\0\0\x09{}', { 'content-type': 'application/connect+json' });
  assert.match(await response.text(), /"error":\{"code":"invalid_argument"/);
  const binary = toBinary(PublishRequestSchema, create(PublishRequestSchema));
  assert.equal(binary.length, 0);
});
