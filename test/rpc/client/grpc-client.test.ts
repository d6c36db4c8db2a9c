import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { retryConfig } from '../../../src/rpc/client/retry.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { runServer } from '../running-server.ts';

test('where there is no server, the error names the address', async (t) => {
  const server = await runServer(t, []);
  await server.server.stop();
  const client = createGrpcClient(RecommendationService, server.grpc, { attempts: 1 });
  t.after(() => client.close());
  await assert.rejects(client.call.recommend({ placement: 'x' }), {
    reason: 'UNREACHABLE',
    code: 'UNAVAILABLE',
    message: new RegExp(`could not connect to ${server.grpc}`),
  });
  await assert.rejects(Array.fromAsync(createGrpcClient(IngestService, server.grpc).call.subscribe({})), {
    reason: 'UNREACHABLE',
  });
});

test('a connection that breaks off is told apart', async (t) => {
  const started = Promise.withResolvers<void>();
  const service = bindService(RecommendationService, {
    recommend() {
      started.resolve();
      return Promise.withResolvers<never>().promise;
    },
  });
  const server = await runServer(t, [service]);
  const client = createGrpcClient(RecommendationService, server.grpc, { attempts: 1 });
  t.after(() => client.close());
  const call = client.call.recommend({ placement: 'x' }).catch((error: unknown) => error as PalateError);
  await started.promise;
  await server.server.stop();
  const error = await call;
  assert.ok(error instanceof PalateError);
  assert.match(error.message, /lost|CANCEL/i);
});

test('idempotent calls are tried again', async (t) => {
  let attempts = 0;
  const service = bindService(RecommendationService, {
    recommend() {
      attempts += 1;
      if (attempts < 3) throw new PalateError('STARTING', 'not yet');
      return { recommendationId: 'third' };
    },
  });
  const client = createGrpcClient(RecommendationService, (await runServer(t, [service])).grpc);
  t.after(() => client.close());
  assert.equal((await client.call.recommend({ placement: 'x' })).recommendationId, 'third');
});

test('only unary methods that say so are tried again', () => {
  const names = retryConfig(IngestService, 4).methodConfig.flatMap(({ name }) => name.map(({ method }) => method));
  assert.deepEqual(names, ['Publish', 'GetJournalStatus']);
  assert.deepEqual(retryConfig(IngestService, 1).methodConfig, []);
});
