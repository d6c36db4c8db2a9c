/** A plain grpc-js client that knows of the server what reflection tells. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { type DescMethod, fromJson, toJson } from '@bufbuild/protobuf';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../gen/grpc/health/v1/health_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { event } from '../events/event-samples.ts';
import { servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { type Answer, type Example, examples, ownServices, standardServices } from './every-method.ts';
import { call, connect, detailsOf, openDuplex, openServerStream } from './plain-client.ts';
import { reflect } from './reflected-services.ts';

const server = await servePalate({ after });
const client = connect({ after }, server.grpc);
const { names, registry } = await reflect(client);

test('reflection lists every service', () => {
  assert.deepEqual([...names].sort(), [...standardServices, ...ownServices].sort());
});

for (const example of examples) {
  test(`calls ${example.method} with what reflection told`, async () => {
    const [service = '', name = ''] = example.method.split('/');
    const method = registry.getService(service)?.methods.find((each) => each.name === name);
    assert.ok(method !== undefined);
    const requests = example.requests().map((request) => fromJson(method.input, request as Answer, { registry }));
    const answers = await answersOf(example, method, requests);
    example.check(answers.map((answer) => toJson(method.output, answer, { registry })));
  });
}

async function answersOf({ kind }: Example, method: DescMethod, requests: readonly Answer[]): Promise<Answer[]> {
  if (kind === 'unary') return [await call(client, method, requests[0])];
  if (kind === 'server stream') return Array.fromAsync(openServerStream(client, method, requests[0]));
  const stream = openDuplex(client, method);
  for (const request of requests) stream.write(request);
  stream.end();
  return Array.fromAsync(stream);
}

test('health answers per service, by Check, List and Watch', async () => {
  for (const service of ['', ...ownServices]) {
    assert.equal((await call(client, Health.method.check, { service })).status, Status.SERVING);
    const watch = openServerStream(client, Health.method.watch, { service });
    watch.on('error', () => undefined);
    const [{ status }] = await once(watch, 'data');
    assert.equal(status, Status.SERVING);
    watch.cancel();
  }
  const { statuses } = await call(client, Health.method.list, {});
  for (const service of ownServices) assert.equal(statuses[service]?.status, Status.SERVING);
  await assert.rejects(call(client, Health.method.check, { service: 'no.Such' }), { code: 5 });
});

test('an unknown method is told', async () => {
  const gone = {
    ...RecommendationService.method.recommend,
    name: 'Forget',
  } as typeof RecommendationService.method.recommend;
  await assert.rejects(call(client, gone, { placement: 'home' }), (error: Answer) => {
    assert.equal(detailsOf(error).reason, 'NOT_IMPLEMENTED');
    return error.code === 12;
  });
});

test('a retryPolicy rides out a restart', async (t) => {
  const port = await freePort();
  const dataFolder = await temporaryFolder(t);
  const args = ['--port', String(port)];
  const first = await servePalate(t, { dataFolder, args });
  const patient = connect(t, `127.0.0.1:${port}`, { 'grpc.service_config': JSON.stringify(retrying) });
  const publish = (itemId: string) => {
    const events = [event({ case: 'itemViewed', value: { itemId } })];
    return call(patient, IngestService.method.publish, { events }, { deadline: Date.now() + 20_000 });
  };
  await publish('before');
  await first.stop();
  const during = publish('during');
  await servePalate(t, { dataFolder, args });
  assert.equal((await during).firstSequence, 2n);
});

/** Five tries within about five seconds. */
const retrying = {
  methodConfig: [
    {
      name: [{ service: IngestService.typeName }],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '1s',
        maxBackoff: '2s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
      },
    },
  ],
};

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
