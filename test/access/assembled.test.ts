import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import {
  IngestService,
  PublishRequestSchema,
  PublishResponseSchema,
  PublishStreamRequestSchema,
} from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { digestOf } from '../../src/access/bearer.ts';
import { assembleServer } from '../../src/commands/assemble.ts';
import { loadConfig } from '../../src/config.ts';
import { newUuid } from '../../src/events/uuid.ts';
import { createGrpcClient, type GrpcClientOptions } from '../../src/rpc/client/grpc-client.ts';
import { createLog } from '../../src/telemetry/log.ts';

const tokens = {
  app: { sha256: digestOf('the-token-of-an-app'), roles: ['app'] },
  expert: { sha256: digestOf('the-token-of-an-expert'), roles: ['expert'] },
  replica: { sha256: digestOf('the-token-of-a-replica'), tenants: ['*'], roles: ['peer'] },
  acme: { sha256: digestOf('the-token-of-acme-alone'), tenants: ['acme'], roles: ['operator'] },
};

async function serve(t: TestContext, ...set: string[]) {
  return (await serveLogged(t, ...set)).address;
}

/** With every line of its log, of level debug too. */
async function serveLogged(t: TestContext, ...set: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'palate-access-'));
  const flags = { data: folder, port: '0', 'http-port': '0', roles: 'ingest,recommendation', set };
  const config = loadConfig({ env: {}, folder, flags });
  const lines: string[] = [];
  const log = createLog({ ...config.log, level: 'debug', format: 'json' }, { write: (line) => lines.push(line) });
  const { lifecycle, rpc } = await assembleServer(config, log);
  await lifecycle.start();
  t.after(async () => {
    await lifecycle.stop();
    await rm(folder, { recursive: true });
  });
  return { address: rpc.address(), lines };
}

function ingestWith(t: TestContext, address: string, options: GrpcClientOptions) {
  const { call, close } = createGrpcClient(IngestService, address, options);
  t.after(close);
  return call;
}

const metadata = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } });

const inits = (): MessageInitShape<typeof EventSchema>[] => [
  { eventId: newUuid(), sessionId: 's', payload: { case: 'itemViewed' as const, value: { itemId: 'a' } } },
  { eventId: newUuid(), userId: 'u', payload: { case: 'userErased' as const, value: {} } },
  { eventId: newUuid(), sessionId: 's', payload: { case: 'itemViewed' as const, value: { itemId: '' } } },
  { eventId: newUuid(), payload: { case: 'itemRemoved' as const, value: { itemId: 'a' } } },
  { eventId: newUuid(), sessionId: 's', payload: { case: 'cartAdded' as const, value: { itemId: 'a', quantity: 1 } } },
];

const events = () => inits().map((init) => create(EventSchema, init));

test('an event that the caller may not publish is refused alone, on every way in', async (t) => {
  const { grpc, http } = await serve(t, `access.tokens=${JSON.stringify(tokens)}`);
  const call = ingestWith(t, grpc, {});
  const { accepted, rejected } = await call.publish({ events: events() }, metadata('the-token-of-an-app'));
  assert.equal(accepted, 2);
  const reasons = rejected.map(({ index, reason }) => ({ index, reason }));
  const expected = [
    { index: 1, reason: 'EVENT_DENIED' },
    { index: 2, reason: 'EVENT_INVALID' },
    { index: 3, reason: 'EVENT_DENIED' },
  ];
  assert.deepEqual(reasons, expected);
  assert.equal(rejected[0]?.message, 'no role may publish user_erased here');

  async function* batches() {
    yield create(PublishStreamRequestSchema, { events: events() });
  }
  const [streamed] = await Array.fromAsync(call.publishStream(batches(), metadata('the-token-of-an-expert')));
  assert.equal(streamed?.accepted, 0);
  assert.equal(streamed?.rejected.length, 5);

  const response = await fetch(`http://${http}/palate.ingest.v1.IngestService/Publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/proto', authorization: 'Bearer the-token-of-an-app' },
    body: Buffer.from(toBinary(PublishRequestSchema, create(PublishRequestSchema, { events: events() }))),
  });
  const answer = fromBinary(PublishResponseSchema, new Uint8Array(await response.arrayBuffer()));
  assert.deepEqual(
    answer.rejected.map(({ index, reason }) => ({ index, reason })),
    expected,
  );
});

test('only who is for all tenants may follow', async (t) => {
  const { grpc } = await serve(t, `access.tokens=${JSON.stringify(tokens)}`);
  const call = ingestWith(t, grpc, {});
  const follow = (token: string, tenant = '') =>
    Array.fromAsync(call.subscribe({ allTenants: true, untilEnd: true }, { ...metadata(token), tenant }));
  await follow('the-token-of-a-replica');
  await assert.rejects(follow('the-token-of-acme-alone', 'acme'), { reason: 'FOLLOWERS_DENIED' });
  await assert.rejects(follow('the-token-of-an-app'), { reason: 'METHOD_DENIED' });
  const denying = await serve(t, `access.tokens=${JSON.stringify(tokens)}`, 'ingest.followers=deny');
  const other = ingestWith(t, denying.grpc, {});
  await assert.rejects(
    Array.fromAsync(other.subscribe({ allTenants: true, untilEnd: true }, metadata('the-token-of-a-replica'))),
    { reason: 'FOLLOWERS_DENIED' },
  );
});

test('it does not start where others could reach it and nobody is asked who they are', async (t) => {
  await assert.rejects(serve(t, 'host=0.0.0.0'), { reason: 'ACCESS_OPEN', message: /0\.0\.0\.0.*--allow-anonymous/ });
  const { grpc } = await serve(t, 'host=0.0.0.0', 'access.allowAnonymous=true');
  const call = ingestWith(t, grpc.replace('0.0.0.0', '127.0.0.1'), {});
  assert.equal((await call.getJournalStatus({})).firstSequence, 0n);
});

test('no token stands in the log, whatever becomes of its call', async (t) => {
  const { address, lines } = await serveLogged(t, `access.tokens=${JSON.stringify(tokens)}`, 'log.slowCall=1ms');
  const call = ingestWith(t, address.grpc, {});
  const sent = [
    'the-token-of-an-app',
    'the-token-of-acme-alone',
    'a-token-of-nobody',
    'eyJhbGciOiJub25lIn0.e30.x',
    'gärbage',
  ];
  for (const token of sent) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const url = `http://${address.http}/palate.ingest.v1.IngestService/`;
    for (const [method, body] of [
      ['Publish', '{"events": 1}'],
      ['GetJournalStatus', '{}'],
      ['Publish', '{'],
    ]) {
      await fetch(url + method, { method: 'POST', headers, body: body! }).then((response) => response.text());
    }
    await fetch(`http://${address.http}/metrics`, { headers }).then((response) => response.text());
    if (/^[!-~]+$/.test(token)) await call.getJournalStatus({}, metadata(token)).catch(() => undefined);
  }
  assert.ok(lines.length > 0);
  for (const line of lines) for (const token of sent) assert.ok(!line.includes(token), line);
});
