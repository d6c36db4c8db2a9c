import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request as send } from 'node:http';
import { test } from 'node:test';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../../src/rpc/health-board.ts';
import { createRpcServer } from '../../../src/rpc/server/rpc-server.ts';
import { pathOf, runServer } from '../running-server.ts';

const recommend = pathOf(RecommendationService.method.recommend);
const service = bindService(RecommendationService, { recommend: () => ({}) });

test('/healthz is alive; /readyz says which service is not', async (t) => {
  const server = await runServer(t, [service]);
  server.health.set('a.B', 'NOT_SERVING');
  server.health.set('c.D', 'SERVING');
  assert.equal((await fetch(`http://${server.http}/healthz`)).status, 200);
  const notReady = await fetch(`http://${server.http}/readyz`);
  assert.equal(notReady.status, 503);
  assert.deepEqual(await notReady.json(), { status: 'NOT_SERVING', notServing: ['a.B'] });
  server.health.set('a.B', 'SERVING');
  assert.equal((await fetch(`http://${server.http}/readyz`)).status, 200);
});

test('given pages are served, and one that fails says nothing of why', async (t) => {
  const server = createRpcServer({
    host: '127.0.0.1',
    port: 0,
    httpPort: 0,
    services: [],
    health: createHealthBoard(),
    extraRoutes: {
      '/metrics': (_request, response) => void response.end('up 1\n'),
      '/broken': async () => {
        throw new Error('secret');
      },
    },
  });
  await server.start();
  t.after(() => server.stop());
  const page = (path: string, method = 'GET') => fetch(`http://${server.address().http}${path}`, { method });
  assert.equal(await (await page('/metrics?x=1')).text(), 'up 1\n');
  assert.equal((await page('/metrics', 'POST')).status, 404);
  const broken = await page('/broken');
  assert.equal(broken.status, 500);
  assert.doesNotMatch(await broken.text(), /secret/);
});

test('pages of other origins need permission', async (t) => {
  const server = await runServer(t, [service], { options: { corsOrigins: ['https://app.example'] } });
  const preflight = (origin: string) =>
    fetch(`http://${server.http}${recommend}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'palate-tenant' },
    });
  const known = await preflight('https://app.example');
  assert.equal(known.status, 204);
  assert.equal(known.headers.get('access-control-allow-origin'), 'https://app.example');
  assert.match(known.headers.get('access-control-allow-headers') ?? '', /palate-tenant/i);
  const stranger = await preflight('https://evil.example');
  assert.equal(stranger.headers.get('access-control-allow-origin'), null);
  const actual = await server.post(recommend, '{"placement":"x"}', { origin: 'https://app.example' });
  assert.equal(actual.headers.get('access-control-allow-origin'), 'https://app.example');
  assert.equal(actual.headers.get('vary'), 'Origin');
});

test('headers over the limit are refused', async (t) => {
  const server = await runServer(t, [service]);
  const response = await server.post(recommend, '{"placement":"x"}', { 'x-large': 'x'.repeat(20_000) });
  assert.equal(response.status, 431);
});

test('a connection goes on after a body that was given up half-read', { timeout: 10_000 }, async (t) => {
  const server = await runServer(t, [service], { options: { receiveMaxBytes: 100_000 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const statusOf = async (body: Buffer): Promise<number | undefined> => {
    const headers = { 'content-type': 'application/proto', 'transfer-encoding': 'chunked' };
    const request = send(`http://${server.http}${recommend}`, { method: 'POST', agent, headers });
    request.end(body);
    const [response]: [IncomingMessage] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  };
  assert.equal(await statusOf(Buffer.alloc(8_000_000)), 429);
  // Not valid, and answered at once.
  assert.equal(await statusOf(Buffer.alloc(0)), 400);
});
