/** grpcurl finds everything by reflection, and calls it. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { servePalate } from '../servers/palate-process.ts';
import { examples, ownServices, readMessages, standardServices } from './every-method.ts';
import { runProgram } from './run-program.ts';

const server = await servePalate({ after });

async function grpcurl(...args: readonly string[]) {
  return runProgram('grpcurl', ['-plaintext', ...args]);
}

async function answerOf(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await grpcurl(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

test('list names every service', async () => {
  const listed = (await answerOf(server.grpc, 'list')).trim().split('\n');
  assert.deepEqual(listed, [...standardServices, ...ownServices].sort());
});

test('describe tells every service, method and message', async () => {
  const whole = await answerOf(server.grpc, 'describe');
  for (const service of [...standardServices, ...ownServices])
    assert.ok(whole.includes(`${service} is a service`), service);
  for (const { method } of examples) {
    assert.match(await answerOf(server.grpc, 'describe', method.replace('/', '.')), /is a method:\nrpc /);
  }
  const event = await answerOf(server.grpc, 'describe', 'palate.event.v1.Event');
  assert.match(event, /oneof payload/);
  assert.match(event, /string event_id = 1 \[\(\.?buf\.validate\.field\)/);
});

for (const { method, requests, check } of examples) {
  test(`calls ${method}`, async () => {
    const input = requests().map((request) => JSON.stringify(request));
    check(readMessages(await answerOf('-d', input.join('\n'), server.grpc, method)));
  });
}

test('calls every method of health', async () => {
  const health = 'grpc.health.v1.Health';
  for (const service of ['', ...ownServices]) {
    const answer = await answerOf('-d', JSON.stringify({ service }), server.grpc, `${health}/Check`);
    assert.deepEqual(JSON.parse(answer), { status: 'SERVING' });
  }
  const { statuses } = JSON.parse(await answerOf(server.grpc, `${health}/List`));
  for (const service of ownServices) assert.deepEqual(statuses[service], { status: 'SERVING' });
  const watched = await grpcurl('-max-time', '1', server.grpc, `${health}/Watch`);
  assert.deepEqual(readMessages(watched.stdout), [{ status: 'SERVING' }]);
});

test('an error comes with its details decoded', async () => {
  const method = 'palate.recommendation.v1.RecommendationService/Recommend';
  const { code, stderr } = await grpcurl('-d', '{"limit": 5000}', server.grpc, method);
  assert.notEqual(code, 0);
  assert.match(stderr, /Code: InvalidArgument/);
  assert.match(stderr, /google\.rpc\.ErrorInfo/);
  assert.match(stderr, /"reason": ?"INVALID_REQUEST"/);
  assert.match(stderr, /google\.rpc\.BadRequest/);
  assert.match(stderr, /"field": ?"limit"/);
});
