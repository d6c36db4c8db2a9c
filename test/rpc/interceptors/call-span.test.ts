import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  RecommendationService,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { recordingTracer } from '../../../src/telemetry/tracing/recording.ts';
import { samplerOf } from '../../../src/telemetry/tracing/sampling.ts';
import type { SpanParts } from '../../../src/telemetry/tracing/span-parts.ts';
import { useTracer } from '../../../src/telemetry/tracing/tracer.ts';
import { callBytes, create, pathOf, runServer, toBinary, until } from '../running-server.ts';

const [traceId, parentId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

test('a call has a span on either port, named and ended by its conventions, below its caller’s', async (t) => {
  const ended: SpanParts[] = [];
  const sample = samplerOf('parentbased_always_off');
  t.after(useTracer(recordingTracer(sample, (span) => void ended.push(span))));
  const service = bindService(RecommendationService, {
    recommend({ placement }) {
      if (placement === 'broken') throw new Error('a fault');
      if (placement === 'no') throw new PalateError('UNKNOWN_PLACEMENT', 'there is none');
      return {};
    },
  });
  const server = await runServer(t, [service]);
  const path = pathOf(RecommendationService.method.recommend);
  const traceparent = `00-${traceId}-${parentId}-01`;
  const bytes = toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'x' }));
  for (const placement of ['x', 'no', 'broken']) {
    await server.post(path, JSON.stringify({ placement }), { traceparent, tracestate: 'shop=42' });
  }
  await callBytes(server.client(), path, bytes, { headers: { traceparent } });
  // Whoever decided against it, and whoever did not ask where nothing is recorded.
  await server.post(path, '{"placement":"x"}', { traceparent: `00-${traceId}-${parentId}-00` });
  await server.post(path, '{"placement":"x"}');
  await server.post('/grpc.health.v1.Health/Check', '{}', { traceparent });
  await until(() => ended.length >= 4);
  assert.deepEqual(
    ended.map(({ attributes, isFailed }) => [
      attributes['rpc.system.name'],
      attributes['rpc.status_code'],
      attributes['error.type'],
      isFailed,
    ]),
    [
      ['connectrpc', 'ok', undefined, false],
      ['connectrpc', 'not_found', undefined, false],
      ['connectrpc', 'internal', 'INTERNAL', true],
      ['grpc', 'OK', undefined, false],
    ],
  );
  for (const span of ended) {
    assert.deepEqual([span.name, span.attributes['rpc.method'], span.kind], [path.slice(1), path.slice(1), 'server']);
    assert.deepEqual([span.traceId, span.parentId], [traceId, parentId]);
  }
  assert.equal(ended[0]?.state, 'shop=42');
});
