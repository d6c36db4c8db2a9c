import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService, type PublishResponse, PublishResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { type EventInit, event, eventBytes, freshEventId, itemViewed } from '../events/event-samples.ts';
import { call, connect, pathOf } from '../interop/plain-client.ts';
import { servePalate } from '../servers/palate-process.ts';
import { journalEnd, readJournal } from './journalled.ts';
import { batchMessage } from './mixed-batches.ts';
import { frame, rawSession } from './raw-grpc.ts';
import { assertRefused, assertRejected, assertServesOn } from './refusals.ts';

const server = await servePalate({ after });
const client = connect({ after }, server.grpc);
const publish = pathOf(IngestService.method.publish);
const view = { case: 'itemViewed', value: { itemId: 'a' } } as const;

/** Sends a batch as it stands, by each way in which bytes can come. */
const ways: Record<string, (t: TestContext, batch: Buffer) => Promise<PublishResponse>> = {
  async gRPC(t, batch) {
    const stream = (await rawSession(t, server.grpc)).request({
      ':method': 'POST',
      ':path': publish,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(frame(batch));
    return fromBinary(PublishResponseSchema, Buffer.concat(await Array.fromAsync(stream)).subarray(5));
  },
  async 'gRPC-Web'(_, batch) {
    const body = await post('application/grpc-web+proto', frame(batch));
    return fromBinary(PublishResponseSchema, body.subarray(5, 5 + body.readUInt32BE(1)));
  },
  async Connect(_, batch) {
    return fromBinary(PublishResponseSchema, await post('application/proto', batch));
  },
};

async function post(type: string, body: Buffer): Promise<Buffer> {
  const headers = { 'content-type': type };
  const response = await fetch(`http://${server.http}${publish}`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  });
  return Buffer.from(await response.arrayBuffer());
}

test('an event with wrong UTF-8 is rejected alone, whichever way it comes', async (t) => {
  const before = await journalEnd(client);
  for (const [name, send] of Object.entries(ways)) {
    const broken = Buffer.from(itemViewed('brokenid'));
    broken[broken.indexOf('brokenid') + 3] = 0xff;
    const { accepted, rejected } = await send(t, batchMessage([itemViewed('a'), broken, itemViewed('b')]));
    assert.equal(accepted, 2, name);
    assert.equal(rejected.length, 1);
    assertRejected(rejected[0], 1, 'EVENT_MALFORMED', '');
  }
  assert.equal((await readJournal(client, before)).length, 6);
  await assertServesOn(server, client);
});

test('unknown fields of an event are kept, whichever way it comes', async (t) => {
  const before = await journalEnd(client);
  // Field 9,000 of wire type LEN.
  const unknown = Buffer.from([0xc2, 0xb2, 0x04, 0x05, ...Buffer.from('later')]);
  const sent = Object.values(ways).map((send) => {
    const known = eventBytes(view, { occurredAt: { seconds: 1_700_000_000n } });
    return { send, bytes: Buffer.concat([known, unknown]) };
  });
  for (const { send, bytes } of sent) assert.equal((await send(t, batchMessage([bytes]))).accepted, 1);
  const kept = (await readJournal(client, before)).map(({ bytes }) => bytes);
  assert.deepEqual(
    kept,
    sent.map(({ bytes }) => bytes),
  );
  await assertServesOn(server, client);
});

test('a batch of nothing is acknowledged; one of 100,000 is too large', async () => {
  const before = await journalEnd(client);
  const { accepted, firstSequence, lastSequence } = await call(client, IngestService.method.publish, {});
  assert.deepEqual([accepted, firstSequence, lastSequence], [0, 0n, 0n]);
  const events = Array.from({ length: 100_000 }, () => event(view));
  await assert.rejects(call(client, IngestService.method.publish, { events }), (error) => {
    assertRefused(error, 'BATCH_TOO_LARGE');
    assert.match(String(error), /100000.*10000/);
    return true;
  });
  assert.equal((await readJournal(client, before)).length, 0);
  await assertServesOn(server, client);
});

/** A moment in a year, in seconds since 1970. */
const year = (number: number): bigint => BigInt(number - 1970) * 31_556_952n;

const badEvents: Record<string, readonly [reason: string, field: string, init: EventInit]> = {
  'an item id of 1 MB': ['EVENT_TOO_LARGE', '', viewOf({ itemId: 'x'.repeat(1_000_000) })],
  'an item id of 257 bytes': ['EVENT_INVALID', 'item_viewed.item_id', viewOf({ itemId: 'x'.repeat(257) })],
  'a user id of 100 kB': ['EVENT_INVALID', 'user_id', { ...viewOf({}), userId: 'u'.repeat(100_000) }],
  'an event id that is no UUID': ['EVENT_INVALID', 'event_id', { ...viewOf({}), eventId: 'me' }],
  'a dwell of NaN': ['EVENT_INVALID', 'item_viewed.dwell_seconds', viewOf({ dwellSeconds: Number.NaN })],
  'an endless dwell': ['EVENT_INVALID', 'item_viewed.dwell_seconds', viewOf({ dwellSeconds: Infinity })],
  'a negative dwell': ['EVENT_INVALID', 'item_viewed.dwell_seconds', viewOf({ dwellSeconds: -1 })],
  'a rating of NaN': [
    'EVENT_INVALID',
    'item_rated.value',
    { payload: { case: 'itemRated', value: { itemId: 'a', value: Number.NaN, scale: 5 } } },
  ],
  'the year 1': ['EVENT_INVALID', 'occurred_at', { ...viewOf({}), occurredAt: { seconds: year(1) } }],
  'the year 9999': ['EVENT_FROM_FUTURE', 'occurred_at', { ...viewOf({}), occurredAt: { seconds: year(9999) } }],
  'the year 20000': ['EVENT_INVALID', 'occurred_at', { ...viewOf({}), occurredAt: { seconds: year(20_000) } }],
  'two seconds of nanoseconds': [
    'EVENT_INVALID',
    'occurred_at',
    { ...viewOf({}), occurredAt: { nanos: 2_000_000_000 } },
  ],
  'no payload': ['PAYLOAD_MISSING', 'payload', {}],
};

function viewOf(value: { itemId?: string; dwellSeconds?: number }) {
  return { payload: { case: 'itemViewed', value: { itemId: 'a', ...value } } } as const;
}

test('a bad event is told by index, reason and field, and the rest of its batch goes in', async (t) => {
  for (const [what, [reason, field, init]] of Object.entries(badEvents)) {
    await t.test(what, async () => {
      const bad = create(EventSchema, { eventId: freshEventId(), ...init });
      const { accepted, rejected } = await call(client, IngestService.method.publish, {
        events: [event(view), bad, event(view)],
      });
      assert.equal(accepted, 2);
      assert.equal(rejected.length, 1);
      assertRejected(rejected[0], 1, reason, field);
    });
  }
  const later = Buffer.concat([
    toBinary(EventSchema, create(EventSchema, { eventId: freshEventId() })),
    Buffer.from([0x9a, 0x06, 0]),
  ]);
  const { rejected } = await ways['Connect']!(t, batchMessage([later]));
  assertRejected(rejected[0], 0, 'PAYLOAD_UNKNOWN', 'payload');
  await assertServesOn(server, client);
});

test('the oldest time that counts and an event without a time are taken', async () => {
  const before = await journalEnd(client);
  const events = [event(view, { occurredAt: { seconds: 0n } }), event(view)];
  assert.equal((await call(client, IngestService.method.publish, { events })).accepted, 2);
  const times = (await readJournal(client, before)).map(
    ({ bytes }) => fromBinary(EventSchema, bytes).occurredAt?.seconds,
  );
  assert.equal(times[0], 0n);
  assert.ok(Math.abs(Number(times[1]) - Date.now() / 1000) < 60);
});

test('ids of 1 MB in a question are the asker’s error', async () => {
  const huge = 'x'.repeat(1_000_000);
  const ask = call(client, RecommendationService.method.recommend, { placement: huge, userId: huge, filter: huge });
  await assert.rejects(ask, (error) => {
    assert.deepEqual(assertRefused(error, 'INVALID_REQUEST').fields, ['placement', 'user_id', 'filter']);
    assert.ok(String(error).length < 2_000, 'the answer must not repeat what was too long');
    return true;
  });
  await assertServesOn(server, client);
});
