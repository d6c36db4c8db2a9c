/** Recommenders that follow the journal of another process, and what happens to them. */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { Health, HealthCheckResponse_ServingStatus as Serving } from '../../gen/grpc/health/v1/health_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { event } from '../events/event-samples.ts';
import { call, connect } from '../interop/plain-client.ts';
import {
  eventually,
  kill,
  runPalate,
  type Scope,
  type ServedPalate,
  servePalate,
  temporaryFolder,
} from '../servers/palate-process.ts';
import { startProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import { type Publishing, publishAtFullSpeed } from './publish-at-full-speed.ts';

const { getStateStatus, recommend, getProfile } = RecommendationService.method;
const recommendation = RecommendationService.typeName;
const inAMinute = () => ({ deadline: Date.now() + 60_000 });

function serveFollower(
  t: Scope,
  owner: string,
  settings: readonly string[] = [],
  dataFolder?: string,
): Promise<ServedPalate> {
  const sets = settings.flatMap((setting) => ['--set', setting]);
  const args = ['--roles', 'recommendation', '--follow', owner, ...sets];
  return servePalate(t, { args, ...(dataFolder === undefined ? {} : { dataFolder }) });
}

/** In the same process on the same port again, as far as its followers can see. */
async function restartOwner(t: Scope, owner: ServedPalate, proxy: TcpProxy): Promise<ServedPalate> {
  await kill(owner);
  const again = await servePalate(t, { dataFolder: owner.dataFolder });
  proxy.target = again.grpc;
  return again;
}

async function publishBatches(publishing: Publishing, count: number): Promise<void> {
  const before = publishing.sent.length;
  await eventually('batches are sent', () => publishing.sent.length >= before + count, 60_000);
}

/** The follower holds what the owner holds, to the bit, and answers as it does. */
async function assertEqual(owner: Client, follower: Client, name: string): Promise<void> {
  const own = await call(owner, getStateStatus, { liveDigest: true }, inAMinute());
  const { sequence: minSequence } = own;
  const there = await call(follower, getStateStatus, { minSequence }, inAMinute());
  const figures = ({ sequence, digest, items, people, sessions, events, appendedAt }: typeof own) =>
    ({ sequence, digest, items, people, sessions, events, appendedAt }) as const;
  assert.deepEqual(figures(there), figures(own), name);
  assert.equal(there.following?.current, true, name);
  for (let person = 0; person < 20; person++) {
    const request = { placement: 'home', userId: `user-${person}`, minSequence, limit: 20, explain: true };
    const [expected, answered] = await Promise.all([
      call(owner, recommend, request),
      call(follower, recommend, request),
    ]);
    assert.ok(expected.items.length > 0);
    assert.deepEqual(answered.items, expected.items, `${name}, ${request.userId}`);
  }
}

test('followers under load, cut off, killed and late, hold and answer what their owner does', async (t) => {
  let owner = await servePalate(t);
  const proxy = await startProxy(t, owner.grpc);
  let first = await serveFollower(t, proxy.address);
  const second = await serveFollower(t, proxy.address);
  const watched = connect(t, second.grpc);
  let isOver = false;
  const lags: number[] = [];
  const watching = (async () => {
    for (; !isOver; await sleep(100)) {
      const { following } = await call(watched, getStateStatus, { omitDigest: true }, inAMinute());
      lags.push(Number(following!.lagMillis));
    }
  })();

  const publishing = publishAtFullSpeed(connect(t, owner.grpc));
  await publishing.firstAcknowledged;
  for (let cuts = 0; cuts < 5; cuts++) {
    await publishBatches(publishing, 30);
    proxy.cut();
  }
  await kill(first);
  await publishBatches(publishing, 60);
  first = await serveFollower(t, proxy.address);
  await publishBatches(publishing, 30);
  proxy.cut();
  owner = await restartOwner(t, owner, proxy);
  assert.ok((await publishing.ended) instanceof Error);

  const more = publishAtFullSpeed(connect(t, owner.grpc));
  await publishBatches(more, 60);
  const late = await serveFollower(t, proxy.address);
  await publishBatches(more, 30);
  more.finish();
  assert.equal(await more.ended, undefined);

  const client = connect(t, owner.grpc);
  for (const [name, { grpc }] of Object.entries({ first, second, late }))
    await assertEqual(client, connect(t, grpc), name);
  isOver = true;
  await watching;
  // The owner's restart is in it: it folds its journal before it answers.
  const longest = Math.max(...lags);
  assert.ok(longest < 30_000, `a follower was ${longest} ms behind`);
  t.diagnostic(`${lags.length} looks, at most ${longest} ms behind`);
});

test('a follower does not serve before it has caught up, nor while it does not keep up', async (t) => {
  const owner = await servePalate(t);
  const publishing = publishAtFullSpeed(connect(t, owner.grpc));
  await publishBatches(publishing, 50);
  publishing.finish();
  await publishing.ended;
  const proxy = await startProxy(t, owner.grpc);
  proxy.isOpen = false;
  let isServing = false;
  const starting = serveFollower(t, proxy.address, ['journal.maxLag=2s', 'journal.maxLagEvents=0']).finally(() => {
    isServing = true;
  });
  await sleep(1_500);
  assert.equal(isServing, false);
  proxy.isOpen = true;
  const follower = await starting;
  const client = connect(t, follower.grpc);
  const health = async () => (await call(client, Health.method.check, { service: recommendation })).status;
  assert.equal(await health(), Serving.SERVING);
  const { sequence, following } = await call(client, getStateStatus, { omitDigest: true });
  assert.equal(sequence, following?.lastSequence);

  proxy.isOpen = false;
  proxy.cut();
  await eventually('health says NOT_SERVING', async () => (await health()) === Serving.NOT_SERVING);
  const { items } = await call(client, recommend, { placement: 'home', userId: 'user-1' });
  assert.ok(items.length > 0, 'whom a balancer still sends is answered');
  const status = await runPalate(['status', '--address', follower.grpc]);
  assert.equal(status.code, 1);
  assert.match(status.stdout, new RegExp(`follows +${proxy.address}`));
  assert.match(status.stdout, /does not keep up/);
  proxy.isOpen = true;
  await eventually('health says SERVING again', async () => (await health()) === Serving.SERVING);
  // Services that the owner runs are passed on to it: that it is away is told there too.
  const expected = ['a placement from an event', 'a process of the mesh is away'];
  const complaints = follower.complaints.filter((line) => expected.every((known) => !line.includes(known)));
  assert.match(complaints.join(''), /trying again.*does not keep up/s);
  // Once while it could not begin, where it came so far in time, and once when it was cut off.
  const outages = complaints.filter((line) => line.includes('trying again'));
  assert.ok(outages.length <= 2, complaints.join(''));
  assert.equal(complaints.length, outages.length + 1, complaints.join(''));
});

test('whoever is erased at the owner is gone from its followers', async (t) => {
  const owner = await servePalate(t);
  const follower = await serveFollower(t, owner.grpc);
  const [own, there] = [connect(t, owner.grpc), connect(t, follower.grpc)];
  const publish = (...events: Parameters<typeof event>[]) =>
    call(own, IngestService.method.publish, { events: events.map((given) => event(...given)) }, inAMinute());
  const viewed = { case: 'itemViewed', value: { itemId: 'pasta' } } as const;
  await publish([viewed, { userId: 'anna' }], [viewed, { userId: 'bert' }]);
  const { lastSequence } = await publish([{ case: 'userErased', value: {} }, { userId: 'anna' }]);
  await eventually('the generation has risen at the follower', async () => {
    const { generation } = await call(there, getStateStatus, { minSequence: lastSequence, omitDigest: true });
    return generation === 2n;
  });
  const profile = async (userId: string) => (await call(there, getProfile, { userId })).interactions.length;
  assert.deepEqual([await profile('anna'), await profile('bert')], [0, 1]);
  await eventually('both states are the same', async () => {
    const [at, of] = await Promise.all([
      call(there, getStateStatus, {}),
      call(own, getStateStatus, { liveDigest: true }),
    ]);
    return at.generation === of.generation && at.digest === of.digest;
  });
});

test('a follower writes snapshots, starts again from its own, and reads the past', async (t) => {
  const owner = await servePalate(t);
  const settings = ['recommendation.snapshots.everyEvents=5000'];
  const before = await serveFollower(t, owner.grpc, settings);
  const publishing = publishAtFullSpeed(connect(t, owner.grpc));
  await publishBatches(publishing, 60);
  publishing.finish();
  await publishing.ended;
  const snapshots = join(before.dataFolder, 'snapshots');
  await eventually('a snapshot is there', async () => (await readdir(snapshots).catch(() => [])).length > 0, 30_000);
  const asOf = { moment: { case: 'sequence', value: 3_000n } } as const;
  const past = await Promise.all(
    [owner, before].map(({ grpc }) => call(connect(t, grpc), getStateStatus, { asOf }, inAMinute())),
  );
  assert.equal(past[0]!.digest, past[1]!.digest);
  await kill(before);
  const again = await serveFollower(t, owner.grpc, settings, before.dataFolder);
  await assertEqual(connect(t, owner.grpc), connect(t, again.grpc), 'again');
});

test('a follower that cannot follow says what to do, and ends', async (t) => {
  const owner = await servePalate(t, { args: ['--set', 'ingest.followers=deny'] });
  const args = ['serve', '--roles', 'recommendation', '--follow', owner.grpc, '--port', '0', '--http-port', '0'];
  const { code, stderr } = await runPalate([...args, '--data', await temporaryFolder(t)]);
  assert.notEqual(code, 0);
  assert.match(stderr, /ingest\.followers to allow/);
  const shared = await runPalate([...args, '--data', owner.dataFolder]);
  assert.notEqual(shared.code, 0);
  assert.match(shared.stderr, /has a journal of its own/);
});
