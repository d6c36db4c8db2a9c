import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema } from '../../gen/grpc/health/v1/health_pb.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { healthService } from '../../src/rpc/health.ts';
import { createHealthBoard } from '../../src/rpc/health-board.ts';
import { create, fromBinary, identity, pathOf, runServer, toBinary, until } from './running-server.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

test('the whole serves when every service does', () => {
  const board = createHealthBoard(['a.A', 'b.B']);
  assert.equal(board.get(''), 'NOT_SERVING');
  board.set('a.A', 'SERVING');
  board.set('b.B', 'SERVING');
  assert.equal(board.get(''), 'SERVING');
  board.set('', 'NOT_SERVING');
  assert.equal(board.get(''), 'NOT_SERVING');
  board.set('', 'SERVING');
  board.close();
  assert.deepEqual([...board.list().values()], ['NOT_SERVING', 'NOT_SERVING', 'NOT_SERVING']);
  assert.equal(board.get('c.C'), undefined);
});

test('check and list', async () => {
  const board = createHealthBoard(['a.A']);
  const client = createMemoryClient(healthService(board));
  assert.equal((await client.check({ service: 'a.A' })).status, NOT_SERVING);
  board.set('a.A', 'SERVING');
  assert.equal((await client.check({})).status, SERVING);
  const { statuses } = await client.list({});
  assert.deepEqual(
    Object.entries(statuses).map(([name, { status }]) => [name, status]),
    [
      ['', SERVING],
      ['a.A', SERVING],
    ],
  );
  await assert.rejects(client.check({ service: 'no.Such' }), { code: 'NOT_FOUND', message: /no\.Such/ });
});

test('watch tells each change, also of a service that is not known yet', async (t) => {
  const server = await runServer(t, []);
  const request = Buffer.from(
    toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: 'new.One' })),
  );
  const stream = server.client().makeServerStreamRequest(pathOf(Health.method.watch), identity, identity, request);
  const statuses: number[] = [];
  stream.on('data', (bytes: Buffer) => statuses.push(fromBinary(HealthCheckResponseSchema, bytes).status));
  await until(() => statuses.length === 1);
  server.health.set('new.One', 'SERVING');
  await until(() => statuses.length === 2);
  server.health.set('other.One', 'SERVING');
  server.health.set('new.One', 'NOT_SERVING');
  await until(() => statuses.length === 3);
  assert.deepEqual(statuses, [SERVICE_UNKNOWN, SERVING, NOT_SERVING]);
  const ended = once(stream, 'end');
  await server.server.drain(new AbortController().signal);
  await ended;
});

test('a watcher who leaves is forgotten', async () => {
  const board = createHealthBoard(['a.A']);
  const listening: Set<() => void> = new Set();
  const counted = {
    ...board,
    onChange(listener: () => void) {
      listening.add(listener);
      const off = board.onChange(listener);
      return () => {
        listening.delete(listener);
        off();
      };
    },
  };
  for await (const { status } of createMemoryClient(healthService(counted)).watch({ service: 'a.A' })) {
    assert.equal(status, NOT_SERVING);
    assert.equal(listening.size, 1);
    break;
  }
  await until(() => listening.size === 0);
});

test('health answers on the HTTP port', async (t) => {
  const server = await runServer(t, []);
  const response = await server.post(pathOf(Health.method.check), '{}');
  assert.deepEqual(await response.json(), { status: 'SERVING' });
});
