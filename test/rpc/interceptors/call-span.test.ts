import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import {
  RecommendationService,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../../src/errors.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { otelTracer } from '../../../src/telemetry/tracing/otel-tracer.ts';
import { samplerOf } from '../../../src/telemetry/tracing/sampling.ts';
import { useTracer } from '../../../src/telemetry/tracing/tracer.ts';
import { callBytes, create, pathOf, runServer, toBinary, until } from '../running-server.ts';

const [traceId, parentId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

test('a call has a span on either port, named and ended by its conventions, below its caller’s', async (t) => {
  const ended: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    async forceFlush() {},
    async shutdown() {},
  };
  const provider = new TracerProvider({ spanProcessors: [processor] });
  t.after(useTracer(otelTracer(provider.getTracer('test'), samplerOf('parentbased_always_off'))));
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
    ended.map(({ attributes, status }) => [
      attributes['rpc.system.name'],
      attributes['rpc.status_code'],
      attributes['error.type'],
      status.code === SpanStatusCode.ERROR,
    ]),
    [
      ['connectrpc', 'ok', undefined, false],
      ['connectrpc', 'not_found', undefined, false],
      ['connectrpc', 'internal', 'INTERNAL', true],
      ['grpc', 'OK', undefined, false],
    ],
  );
  for (const span of ended) {
    assert.deepEqual(
      [span.name, span.attributes['rpc.method'], span.kind],
      [path.slice(1), path.slice(1), SpanKind.SERVER],
    );
    assert.deepEqual([span.spanContext().traceId, span.parentSpanContext?.spanId], [traceId, parentId]);
  }
  assert.equal(ended[0]?.spanContext().traceState?.serialize(), 'shop=42');
});
