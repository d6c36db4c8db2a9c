import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { digestOf } from '../../src/access/bearer.ts';
import { callBytes, detailsOf, fromBinary, identity, until } from '../rpc/running-server.ts';
import { type GuardedServer, guard } from './guarded-server.ts';
import { audience, issuer, keySetOf, sign, signingKey } from './signing.ts';

const key = signingKey('one');
const folder = await mkdtemp(join(tmpdir(), 'palate-access-'));
after(() => rm(folder, { recursive: true }));
const jwksFile = join(folder, 'jwks.json');
await writeFile(jwksFile, keySetOf(key));

const secret = 'a-static-token-of-the-shop';
const access = {
  'jwt.jwksFile': jwksFile,
  'jwt.issuer': issuer,
  'jwt.audience': audience,
  'jwt.leeway': '0s',
  tokens: {
    shop: { sha256: digestOf(secret), tenants: ['', 'acme'], roles: ['app'] },
    reading: { sha256: digestOf('a-token-that-only-reads'), roles: ['reader'] },
  },
};

const getStatus = 'palate.recommendation.v1.RecommendationService/GetStateStatus';
const publish = 'palate.ingest.v1.IngestService/Publish';

type Headers = Readonly<Record<string, string>>;
/** The reason of a refusal, or '' where the call was answered. */
type Ask = (method: string, headers: Headers) => Promise<string>;

function bearer(token: string, tenant?: string): Headers {
  return { authorization: `Bearer ${token}`, ...(tenant === undefined ? {} : { 'palate-tenant': tenant }) };
}

/** The same call by gRPC, by Connect's JSON, and by gRPC-Web. */
function ways(server: GuardedServer): Readonly<Record<string, Ask>> {
  const client = server.client();
  return {
    async grpc(method, headers) {
      const { error } = await callBytes(client, `/${method}`, Buffer.alloc(0), { headers });
      return error === undefined
        ? ''
        : fromBinary(ErrorInfoSchema, detailsOf(error).get('google.rpc.ErrorInfo')!).reason;
    },
    async json(method, headers) {
      const response = await server.post(`/${method}`, '{}', headers);
      const answer = (await response.json()) as { code?: string; details?: { debug?: { reason?: string } }[] };
      const isChallenged = response.headers.get('www-authenticate')?.startsWith('Bearer realm="palate"') === true;
      assert.equal(isChallenged, response.status === 401);
      return response.ok ? '' : (answer.details?.[0]?.debug?.reason ?? answer.code ?? '');
    },
    async web(method, headers) {
      const type = { 'content-type': 'application/grpc-web+proto' };
      const response = await server.post(`/${method}`, Buffer.alloc(5), { ...type, ...headers });
      const text = `${Buffer.from(await response.arrayBuffer())}\n${JSON.stringify([...response.headers])}`;
      if (/grpc-status(: |",")0/.test(text)) return '';
      const details = /grpc-status-details-bin(?:: |",")([\w+/=]+)/.exec(text)?.[1] ?? '';
      return /[A-Z]{4,}_[A-Z_]+/.exec(Buffer.from(details, 'base64').toString('latin1'))?.[0] ?? text;
    },
  };
}

async function everyWay(t: TestContext, check: (ask: Ask, way: string) => Promise<void>): Promise<GuardedServer> {
  const server = await guard(t, access);
  for (const [way, ask] of Object.entries(ways(server))) await check(ask, way);
  return server;
}

test('without a token, with a bad one, or with one that has expired nothing is answered', async (t) => {
  const expired = await sign(key, { expiresInSeconds: -5 });
  const strange = await sign(signingKey('one'));
  const server = await everyWay(t, async (ask) => {
    assert.equal(await ask(getStatus, {}), 'TOKEN_MISSING');
    assert.equal(await ask(getStatus, bearer('not-a-token-of-anybody')), 'TOKEN_INVALID');
    assert.equal(await ask(getStatus, bearer('a.b.c')), 'TOKEN_INVALID');
    assert.equal(await ask(getStatus, bearer(strange)), 'TOKEN_INVALID');
    assert.equal(await ask(getStatus, bearer(expired)), 'TOKEN_EXPIRED');
    assert.equal(await ask(getStatus, { authorization: 'Basic dXNlcjpwYXNz' }), 'TOKEN_INVALID');
    assert.equal(await ask(getStatus, bearer('x'.repeat(9_000))), 'TOKEN_INVALID');
  });
  assert.equal(server.calls.length, 0);
});

test('a good token is for its tenants and for the methods of its roles', async (t) => {
  const signed = await sign(key, { claims: { tenants: ['acme'], roles: ['reader'] } });
  await everyWay(t, async (ask) => {
    assert.equal(await ask(getStatus, bearer(secret)), '');
    assert.equal(await ask(publish, bearer(secret, 'acme')), '');
    assert.equal(await ask(getStatus, bearer(secret, 'beta')), 'TENANT_DENIED');
    assert.equal(await ask(getStatus, bearer(signed, 'acme')), '');
    assert.equal(await ask(getStatus, bearer(signed)), 'TENANT_DENIED');
    assert.equal(await ask(publish, bearer(signed, 'acme')), 'METHOD_DENIED');
    assert.equal(await ask(publish, bearer('a-token-that-only-reads')), 'METHOD_DENIED');
    assert.equal(await ask(getStatus, bearer(secret, 'No Tenant')), 'INVALID_TENANT');
  });
});

test('the inference protocol is under the same rule, but for the question whether it lives', async (t) => {
  const inference = 'inference.GRPCInferenceService';
  await everyWay(t, async (ask) => {
    assert.equal(await ask(`${inference}/ServerLive`, {}), '');
    assert.equal(await ask(`${inference}/ModelInfer`, {}), 'TOKEN_MISSING');
    assert.equal(await ask(`${inference}/ModelInfer`, bearer(secret)), 'METHOD_DENIED');
    assert.equal(await ask(`${inference}/ModelInfer`, bearer(await sign(key))), '');
  });
});

test('a handler is told who calls', async (t) => {
  const server = await guard(t, access);
  await ways(server)['grpc']!(getStatus, bearer(secret));
  assert.equal(server.calls[0]?.caller?.name, 'the token shop');
});

test('a unary GET is a call like any other', async (t) => {
  const server = await guard(t, access);
  const url = `http://${server.http}/palate.recommendation.v1.RecommendationService/GetStateStatus?encoding=json&message=%7B%7D&connect=v1`;
  const refused = await fetch(url);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('www-authenticate'), 'Bearer realm="palate"');
  const invalid = await fetch(url, { headers: bearer('not-a-token-of-anybody') });
  assert.equal(invalid.headers.get('www-authenticate'), 'Bearer realm="palate", error="invalid_token"');
  assert.equal((await fetch(url, { headers: bearer(secret) })).status, 200);
});

test('health, probes, reflection and the empty console are open; other pages are not', async (t) => {
  const server = await guard(t, access);
  for (const path of ['/healthz', '/']) assert.equal((await fetch(`http://${server.http}${path}`)).status, 200);
  assert.notEqual((await fetch(`http://${server.http}/readyz`)).status, 401);
  const refused = await fetch(`http://${server.http}/metrics`);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('www-authenticate'), 'Bearer realm="palate"');
  assert.equal(((await refused.json()) as { code: string }).code, 'unauthenticated');
  assert.equal((await fetch(`http://${server.http}/metrics`, { headers: bearer(secret) })).status, 403);
  const { json, grpc } = ways(server);
  for (const ask of [json!, grpc!]) {
    assert.equal(await ask('grpc.health.v1.Health/Check', {}), '');
    assert.equal(await ask('grpc.health.v1.Health/Check', bearer('not-a-token-of-anybody')), '');
  }
});

test('reflection can be closed', async (t) => {
  const server = await guard(t, { ...access, open: '' });
  const call = server
    .client()
    .makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', identity, identity);
  await assert.rejects(Array.fromAsync(call), { code: 16 });
  assert.equal((await fetch(`http://${server.http}/`)).status, 401);
});

const refusals: Readonly<Record<string, () => Promise<{ headers: Headers; code: number; http: number }>>> = {
  'without a token': async () => ({ headers: {}, code: 16, http: 401 }),
  'with a token that has expired': async () => {
    return { headers: bearer(await sign(key, { expiresInSeconds: -5 })), code: 16, http: 401 };
  },
  'with a token of another issuer': async () => ({
    headers: bearer(await sign(signingKey('one'))),
    code: 16,
    http: 401,
  }),
  'with a token for another tenant': async () => ({ headers: bearer(secret, 'beta'), code: 7, http: 403 }),
  'with a token that may not': async () => ({ headers: bearer('a-token-that-only-reads'), code: 7, http: 403 }),
};

for (const [how, make] of Object.entries(refusals)) {
  test(`${how} a call is refused before its body is read`, async (t) => {
    const { headers, code, http } = await make();
    const server = await guard(t, access);
    const session = connect(`http://${server.grpc}`);
    t.after(() => session.destroy());
    const method = { ':method': 'POST', ':path': `/${publish}`, te: 'trailers' };
    // Of the body nothing has been sent when the answers come.
    const stream = session.request({ ...method, 'content-type': 'application/grpc', ...headers });
    const [answer] = (await once(stream, 'response')) as [Headers];
    assert.equal(answer['grpc-status'], String(code));
    stream.close();
    const [host, port] = server.http.split(':');
    const announced = { 'content-type': 'application/json', 'content-length': 1_000_000 };
    const sent = httpRequest({
      host,
      port,
      path: `/${publish}`,
      method: 'POST',
      headers: { ...announced, ...headers },
    });
    t.after(() => sent.destroy());
    sent.flushHeaders();
    const [{ statusCode }] = (await once(sent, 'response')) as [{ statusCode: number }];
    assert.equal(statusCode, http);
  });
}

test('a long stream ends with a clear error when its token expires', async (t) => {
  const server = await guard(t, access);
  const token = await sign(key, { expiresInSeconds: 2 });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const call = server
    .client()
    .makeBidiStreamRequest('/palate.ingest.v1.IngestService/PublishStream', identity, identity, metadata);
  const answers: unknown[] = [];
  call.on('data', (answer) => answers.push(answer));
  const ended = new Promise<{ code: number; details: string }>((resolve) => call.once('error', resolve as never));
  call.write(Buffer.alloc(0));
  await until(() => answers.length === 1);
  const { code, details } = await ended;
  assert.equal(code, 16);
  assert.equal(details, 'the token expired with which PublishStream was begun');
});

test('and so does one on the HTTP port', async (t) => {
  const server = await guard(t, access);
  const response = await server.post('/palate.ingest.v1.IngestService/Subscribe', Buffer.from('\0\0\0\0\x02{}'), {
    ...bearer(await sign(key, { expiresInSeconds: 2 })),
    'content-type': 'application/connect+json',
  });
  const body = await response.text();
  assert.match(body, /"code":"unauthenticated","message":"the token expired with which Subscribe was begun"/);
});

test('unless it is configured to go on', async (t) => {
  const server = await guard(t, { ...access, endStreamsAtExpiry: 'false' });
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await sign(key, { expiresInSeconds: 1 })}`);
  const call = server
    .client()
    .makeBidiStreamRequest('/palate.ingest.v1.IngestService/PublishStream', identity, identity, metadata);
  const answers: unknown[] = [];
  call.on('data', (answer) => answers.push(answer)).on('error', () => {});
  await until(() => server.calls.length === 1);
  const { expiresAtMillis } = server.calls[0]!.caller!;
  await until(() => Date.now() > expiresAtMillis + 100);
  call.write(Buffer.alloc(0));
  await until(() => answers.length === 1);
  call.cancel();
});

test('anonymous callers, where they are let in, have the roles that they are given', async (t) => {
  const server = await guard(t, { ...access, allowAnonymous: 'true', anonymousRoles: 'reader' });
  for (const ask of Object.values(ways(server))) {
    assert.equal(await ask(getStatus, { 'palate-tenant': 'any' }), '');
    assert.equal(await ask(publish, {}), 'METHOD_DENIED');
    assert.equal(await ask(publish, bearer(secret)), '');
    assert.equal(await ask(getStatus, bearer('not-a-token-of-anybody')), 'TOKEN_INVALID');
  }
});

test('an issuer changes its keys, and goes away, without a call that fails', async (t) => {
  const jwks = { text: keySetOf(key), isDown: false };
  const provider = createServer((request, response) => {
    if (jwks.isDown) request.socket.destroy();
    else response.end(jwks.text);
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  t.after(() => provider.close());
  const { port } = provider.address() as AddressInfo;
  const { 'jwt.jwksFile': _, ...others } = access;
  const server = await guard(t, {
    ...others,
    'jwt.jwksUrl': `http://127.0.0.1:${port}/jwks`,
    'jwt.refreshCooldown': '100ms',
    'jwt.refreshEvery': '1s',
    'jwt.cacheFor': '0ms',
  });
  const ask = ways(server)['grpc']!;
  let current = key;
  let isOver = false;
  const load = async () => {
    for (let call = 0; !isOver; call++) {
      const token = await sign(current, { claims: { tenants: '*', roles: 'reader', jti: String(call) } });
      assert.equal(await ask(getStatus, bearer(token)), '');
    }
  };
  const running = Promise.all([load(), load()]);
  for (const round of ['two', 'three', 'four']) {
    const next = signingKey(round);
    jwks.text = keySetOf(current, next);
    // The last time that the keys were read is longer ago than the cooldown.
    const before = server.calls.length;
    await Promise.all([
      until(() => server.calls.length > before + 10),
      new Promise((resolve) => setTimeout(resolve, 110)),
    ]);
    current = next;
    const then = server.calls.length;
    await until(() => server.calls.length > then + 10);
  }
  jwks.isDown = true;
  const before = server.calls.length;
  const startedAt = Date.now();
  await until(() => server.calls.length > before + 10 && Date.now() > startedAt + 1_200);
  isOver = true;
  await running;
});
