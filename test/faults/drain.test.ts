import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
} from '../../gen/grpc/health/v1/health_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { call, connect, openServerStream } from '../interop/plain-client.ts';
import { eventually, kill, type ServedPalate, servePalate } from '../servers/palate-process.ts';
import { readJournal } from './journalled.ts';
import { publishAtFullSpeed } from './publish-at-full-speed.ts';
import { assertRefused } from './refusals.ts';

const { getStateStatus } = RecommendationService.method;

/** A sequence that never comes: a read that waits for it is under way until its deadline. */
const never = 1_000_000_000_000n;

test('SIGTERM under load: NOT_SERVING, calls finish, what was read is acknowledged, and the end has code 0', async (t) => {
  const server = await servePalate(t, { args: ['--set', 'rpc.drainTimeout=5s'] });
  const client = connect(t, server.grpc);
  const told: (Status | 'the stream ended')[] = [];
  const health = openServerStream(client, Health.method.watch, {});
  health.on('data', ({ status }: HealthCheckResponse) => told.push(status));
  const subscription = openServerStream(client, IngestService.method.subscribe, {});
  subscription.resume();
  const [healthEnd, subscriptionEnd] = [endOf(health), endOf(subscription)];
  const publishing = publishAtFullSpeed(client);
  void publishing.ended.then(() => told.push('the stream ended'));
  await publishing.firstAcknowledged;
  const deadline = Date.now() + 1_000;
  const waiting = call(client, getStateStatus, { minSequence: never }, { deadline }).catch((error) => error);
  const answered = Promise.all(Array.from({ length: 50 }, () => call(client, getStateStatus, { omitDigest: true })));
  await eventually('health was told', () => told.length > 0);
  await answered;

  const termAt = Date.now();
  server.process.kill('SIGTERM');
  const error = await publishing.ended;
  assert.ok(error !== undefined);
  assertRefused(error, 'SHUTTING_DOWN');
  assert.equal(await subscriptionEnd, undefined);
  assert.equal(await healthEnd, undefined);
  assert.deepEqual(told, [Status.SERVING, Status.NOT_SERVING, 'the stream ended']);
  // It went on after SIGTERM, up to its own end, not the server's.
  assertOwnEnd(await waiting, deadline);
  assert.equal(await server.ended, 0);
  assert.equal(server.process.signalCode, null);
  assert.ok(Date.now() - termAt < 7_000, 'the drain has a bound');
  assert.deepEqual(server.complaints, []);
  await assertAllAcknowledgedAndNoMore(t, server.dataFolder, publishing.sent);
});

function assertOwnEnd(error: ServiceError, deadline: number): void {
  assert.ok(Date.now() >= deadline - 100, `${error.message} came ${deadline - Date.now()} ms early`);
  assert.match(error.message, /STATE_BEHIND|DEADLINE_EXCEEDED|did not reach|deadline/i);
}

/** Undefined where the stream ended well. */
async function endOf(stream: ClientReadableStream<unknown>): Promise<ServiceError | undefined> {
  const failed = once(stream, 'error').then(([error]) => error as ServiceError);
  return Promise.race([failed, once(stream, 'end').then(() => undefined)]);
}

async function assertAllAcknowledgedAndNoMore(
  t: Parameters<typeof servePalate>[0],
  dataFolder: string,
  sent: ReturnType<typeof publishAtFullSpeed>['sent'],
): Promise<void> {
  const acknowledged = sent.filter(({ acknowledgement }) => acknowledgement !== undefined);
  assert.ok(acknowledged.length > 0);
  const restarted = await servePalate(t, { dataFolder });
  const journalled = await readJournal(connect(t, restarted.grpc));
  assert.equal(
    journalled.length,
    acknowledged.length * 200,
    'what was read was acknowledged, and nothing else was kept',
  );
  const events = acknowledged.flatMap((batch) => batch.events);
  for (const [at, { bytes }] of journalled.entries()) assert.ok(bytes.equals(events[at]!));
  await kill(restarted);
}

test('a second SIGTERM does not wait', async (t) => {
  const server = await drainingServer(t);
  const secondAt = Date.now();
  server.process.kill('SIGTERM');
  assert.notEqual(await server.ended, 0);
  assert.ok(Date.now() - secondAt < 1_000);
});

test('a call that goes on past the bound of the drain is ended with SHUTTING_DOWN', async (t) => {
  const server = await drainingServer(t, '500ms');
  const error = await server.waiting;
  assertRefused(error, 'SHUTTING_DOWN');
  assert.equal(await server.ended, 0);
});

/** A server that has had its SIGTERM and waits for a call. */
async function drainingServer(
  t: Parameters<typeof servePalate>[0],
  drainTimeout = '60s',
): Promise<ServedPalate & { readonly waiting: Promise<ServiceError> }> {
  const server = await servePalate(t, { args: ['--set', `rpc.drainTimeout=${drainTimeout}`] });
  const client = connect(t, server.grpc);
  const deadline = Date.now() + 60_000;
  const waiting = call(client, getStateStatus, { minSequence: never }, { deadline }).then(
    () => assert.fail('it was to wait'),
    (error: ServiceError) => error,
  );
  await call(client, getStateStatus, { omitDigest: true });
  const health = openServerStream(client, Health.method.watch, {});
  const told: Status[] = [];
  health.on('data', ({ status }: HealthCheckResponse) => told.push(status));
  health.on('error', () => undefined);
  await eventually('health says SERVING', () => told.includes(Status.SERVING));
  server.process.kill('SIGTERM');
  await eventually('health says NOT_SERVING', () => told.includes(Status.NOT_SERVING));
  return { ...server, waiting };
}
