/** A browser's `fetch` with JSON, and nothing else. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { servePalate } from '../servers/palate-process.ts';
import { type Answer, examples } from './every-method.ts';

const origin = 'https://app.example.com';
const server = await servePalate({ after }, { args: ['--set', `rpc.corsOrigins=${origin}`] });
const url = (path: string) => `http://${server.http}/${path}`;
const recommend = 'palate.recommendation.v1.RecommendationService/Recommend';
const publish = 'palate.ingest.v1.IngestService/Publish';

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url(path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const unary = examples.filter(({ kind }) => kind === 'unary');

test('every unary method answers JSON, with zeros written out', async () => {
  // What the checks count on, published as one who has no streams does.
  await post(publish, {
    events: [1, 2, 3].map(() => ({ eventId: crypto.randomUUID(), itemViewed: { itemId: 'cheese' } })),
  });
  for (const { method, requests, check } of unary) {
    const response = await post(method, requests()[0]!);
    assert.equal(response.status, 200, method);
    assert.equal(response.headers.get('content-type'), 'application/json');
    check([await response.json()]);
  }
  const empty: Answer = await (await post(publish, {})).json();
  assert.deepEqual(empty, { firstSequence: '0', lastSequence: '0', accepted: 0, duplicates: 0, rejected: [] });
});

test('methods without side effects answer GET; others do not', async () => {
  for (const { method, requests, check } of unary) {
    const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: JSON.stringify(requests()[0]) });
    const response = await fetch(url(`${method}?${query}`));
    if (method === publish) {
      assert.equal(response.status, 405);
    } else {
      assert.equal(response.status, 200, method);
      check([await response.json()]);
    }
  }
});

test('Subscribe streams in Connect’s envelopes', async () => {
  const message = new TextEncoder().encode('{"untilEnd": true}');
  const head = new DataView(new ArrayBuffer(5));
  head.setUint32(1, message.length);
  const response = await fetch(url('palate.ingest.v1.IngestService/Subscribe'), {
    method: 'POST',
    headers: { 'content-type': 'application/connect+json' },
    body: new Blob([head, message]),
  });
  const messages = envelopes(Buffer.from(await response.arrayBuffer()));
  assert.ok(messages.flatMap(({ records }) => records ?? []).length >= 5);
  assert.equal(messages.at(-1).error, undefined);
});

function envelopes(bytes: Buffer): Answer[] {
  const messages: Answer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 1);
    messages.push(JSON.parse(bytes.subarray(at + 5, at + 5 + length).toString()));
    at += 5 + length;
  }
  return messages;
}

test('an error has its code, reason and fields', async () => {
  const response = await post(recommend, { limit: 5_000 });
  assert.equal(response.status, 400);
  const { code, message, details }: Answer = await response.json();
  assert.equal(code, 'invalid_argument');
  assert.match(message, /placement/);
  assert.deepEqual(
    details.map(({ type }: Answer) => type),
    ['google.rpc.ErrorInfo', 'google.rpc.BadRequest'],
  );
  assert.equal(details[0].debug.reason, 'INVALID_REQUEST');
  const unknown = await post(recommend, { placement: 'nowhere' });
  assert.equal(unknown.status, 404);
  assert.equal(((await unknown.json()) as Answer).details[0].debug.reason, 'UNKNOWN_PLACEMENT');
});

test('a page of a permitted origin may call, another may not', async () => {
  const preflight = (from: string) =>
    fetch(url(recommend), {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,palate-tenant',
      },
    });
  const permitted = await preflight(origin);
  assert.equal(permitted.status, 204);
  assert.equal(permitted.headers.get('access-control-allow-origin'), origin);
  assert.match(permitted.headers.get('access-control-allow-methods') ?? '', /POST/);
  assert.match(permitted.headers.get('access-control-allow-headers') ?? '', /content-type.*palate-tenant/i);
  const answer = await post(recommend, { placement: 'home' }, { origin });
  assert.equal(answer.headers.get('access-control-allow-origin'), origin);
  assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);
});

test('tenants do not see one another', async () => {
  const tenant = { 'palate-tenant': 'elsewhere' };
  const { items }: Answer = await (await post(recommend, { placement: 'home' }, tenant)).json();
  assert.deepEqual(items, []);
});

test('the probes and the page', async () => {
  assert.deepEqual(await (await fetch(url('healthz'))).json(), { status: 'ALIVE' });
  assert.deepEqual(await (await fetch(url('readyz'))).json(), { status: 'SERVING', notServing: [] });
  const page = await fetch(url(''));
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.match(await page.text(), /<title>Palate<\/title>/);
});
