import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import { createMemoryClient } from '../../../src/rpc/client/memory-client.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { type CallObserver, observeCalls } from '../../../src/rpc/interceptors/observation.ts';
import { callBytes, create, pathOf, runServer, toBinary, until } from '../running-server.ts';

test('each call is told once, with its code, on every port', async (t) => {
  const ends: Parameters<CallObserver>[] = [];
  t.after(observeCalls((...end) => void ends.push(end)));
  const recommendation = bindService(RecommendationService, { recommend: () => ({}) });
  const ingest = bindService(IngestService, {
    async *subscribe() {
      yield {};
      throw new PalateError('SLOW_CONSUMER', 'too slow');
    },
  });
  const server = await runServer(t, [recommendation, ingest]);
  const client = server.client();
  const path = pathOf(RecommendationService.method.recommend);
  await callBytes(client, path, toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'x' })));
  await callBytes(client, path, Buffer.alloc(0));
  await server.post(path, '{"placement":"x"}');
  await server.post(path, '{"placement":"x"}', { 'palate-tenant': 'No' });
  await assert.rejects(Array.fromAsync(createMemoryClient(ingest).subscribe({})));
  for await (const _ of createMemoryClient(ingest).subscribe({})) break;
  await until(() => ends.length === 6);
  assert.deepEqual(
    ends.map(([path, code, , port]) => [path.split('/')[2], code, port]),
    [
      ['Recommend', 'OK', 'grpc'],
      ['Recommend', 'INVALID_ARGUMENT', 'grpc'],
      ['Recommend', 'OK', 'http'],
      ['Recommend', 'INVALID_ARGUMENT', 'http'],
      ['Subscribe', 'UNAVAILABLE', 'memory'],
      ['Subscribe', 'CANCELLED', 'memory'],
    ],
  );
  for (const [, , durationMillis] of ends) assert.ok(durationMillis >= 0);
});
