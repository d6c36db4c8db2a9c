import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { freshEventId } from '../events/event-samples.ts';
import { connect } from '../interop/plain-client.ts';
import { servePalate } from '../servers/palate-process.ts';
import { assertHelps, assertRefusedInJson, assertServesOn } from './refusals.ts';

const server = await servePalate({ after });
const client = connect({ after }, server.grpc);
const publish = 'palate.ingest.v1.IngestService/Publish';
const recommend = 'palate.recommendation.v1.RecommendationService/Recommend';

function post(method: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return fetch(`http://${server.http}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** A batch of one event with these fields. */
function batchOf(event: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ events: [{ eventId: freshEventId(), ...event }] });
}

test('JSON that is no request is refused with a reason that names the trouble', async (t) => {
  const bodies: Record<string, readonly [body: string, names: RegExp]> = {
    'cut off': ['{"events": [', /JSON/i],
    'no JSON at all': ['hello', /JSON/i],
    nothing: ['', /JSON/i],
    'a list': ['[]', /PublishRequest/],
    'an unknown field': ['{"evnets": []}', /evnets/],
    'an unknown field of an event': [batchOf({ itemWiewed: { itemId: 'a' } }), /itemWiewed/],
    'a number for a text': [batchOf({ itemViewed: { itemId: 7 } }), /item_?id/i],
    'a word for a number': [batchOf({ itemViewed: { itemId: 'a', dwellSeconds: 'long' } }), /dwell_?seconds/i],
    'a price of NaN': [
      batchOf({ priceChanged: { itemId: 'a', price: { currencyCode: 'EUR', micros: 'NaN' } } }),
      /micros/,
    ],
    'two payloads': [batchOf({ itemViewed: { itemId: 'a' }, itemClicked: { itemId: 'a' } }), /payload/],
    'a time that is none': [
      batchOf({ occurredAt: 'yesterday', itemViewed: { itemId: 'a' } }),
      /Timestamp|occurred_?at/i,
    ],
    'the year 10000': [
      batchOf({ occurredAt: '10000-01-01T00:00:00Z', itemViewed: { itemId: 'a' } }),
      /Timestamp|occurred_?at/i,
    ],
  };
  for (const [what, [body, names]] of Object.entries(bodies)) {
    await t.test(what, async () => {
      const response = await post(publish, body);
      assert.equal(response.status, 400);
      assert.match(await response.clone().text(), names);
      await assertRefusedInJson(response, 'MALFORMED_MESSAGE');
    });
  }
  await assertServesOn(server, client);
});

test('what JSON can say and the rules forbid is told by field', async () => {
  const events: Record<string, readonly [event: object, reason: string, field: string]> = {
    'a dwell of NaN': [
      { itemViewed: { itemId: 'a', dwellSeconds: 'NaN' } },
      'EVENT_INVALID',
      'item_viewed.dwell_seconds',
    ],
    'the year 1': [{ occurredAt: '0001-01-01T00:00:00Z', itemViewed: { itemId: 'a' } }, 'EVENT_INVALID', 'occurred_at'],
    'the year 9999': [
      { occurredAt: '9999-12-31T23:59:59Z', itemViewed: { itemId: 'a' } },
      'EVENT_FROM_FUTURE',
      'occurred_at',
    ],
    'no payload': [{}, 'PAYLOAD_MISSING', 'payload'],
  };
  for (const [what, [event, reason, field]] of Object.entries(events)) {
    const response = await post(publish, batchOf({ ...event }));
    const { rejected } = (await response.json()) as { rejected: { reason: string; field: string; message: string }[] };
    assert.deepEqual([rejected[0]?.reason, rejected[0]?.field], [reason, field], what);
    assertHelps(rejected[0]?.message ?? '');
  }
  const { fields } = await assertRefusedInJson(await post(recommend, '{"limit": 5000}'), 'INVALID_REQUEST');
  assert.deepEqual(fields, ['placement', 'limit']);
  await assertServesOn(server, client);
});

test('foreign content types, methods, sizes and encodings are refused', async () => {
  assert.equal((await post(publish, '{}', { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post(publish, '<a/>', { 'content-type': 'application/xml' })).status, 415);
  assert.equal((await fetch(`http://${server.http}/${publish}`)).status, 405);
  assert.equal((await fetch(`http://${server.http}/${publish}`, { method: 'PUT', body: '{}' })).status, 405);
  const large = JSON.stringify({ events: [], filler: 'x'.repeat(21 * 1024 * 1024) });
  await assertRefusedInJson(await post(publish, large), 'MESSAGE_TOO_LARGE');
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20));
  await assertRefusedInJson(await post(publish, bomb, { 'content-encoding': 'gzip' }), 'MESSAGE_TOO_LARGE');
  const torn = gzipSync('{"events":[]}').subarray(0, 15);
  await assertRefusedInJson(await post(publish, torn, { 'content-encoding': 'gzip' }), 'MALFORMED_MESSAGE');
  await assertRefusedInJson(await post(publish, '{}', { 'content-encoding': 'snappy' }), 'NOT_IMPLEMENTED');
  await assertRefusedInJson(await post(publish, '{}', { 'palate-tenant': 'Not A Tenant' }), 'INVALID_TENANT');
  await assertRefusedInJson(await post(`${publish}ed`, '{}'), 'NOT_IMPLEMENTED');
  assert.equal((await post(publish, '{}', { filler: 'x'.repeat(20_000) })).status, 431);
  await assertServesOn(server, client);
});
