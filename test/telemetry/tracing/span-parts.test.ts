import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTraceState, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { partsOfSpan, spanOfParts } from '../../../src/telemetry/tracing/span-parts.ts';

test('a span is the same on the other side of a thread', () => {
  const ended: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    async forceFlush() {},
    async shutdown() {},
  };
  const resource = resourceFromAttributes({ 'service.name': 'kitchen' });
  const tracer = new TracerProvider({ resource, spanProcessors: [processor] }).getTracer('palate', '1');
  const context = (first: string) => ({
    traceId: first.repeat(32),
    spanId: first.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  });
  const parent = { ...context('a'), isRemote: true, traceState: createTraceState('shop=42') };
  const options = { kind: SpanKind.SERVER, attributes: { size: 3 }, links: [{ context: context('b') }] };
  tracer.startSpan('root', {}).end();
  const span = tracer.startSpan('below', options, trace.setSpanContext(ROOT_CONTEXT, parent));
  span.setStatus({ code: 2 });
  span.end();
  for (const one of ended) {
    const { instrumentationScope } = one;
    const other = spanOfParts(structuredClone(partsOfSpan(one)), { resource, instrumentationScope });
    const known = (each: ReadableSpan) => ({
      ...partsOfSpan(each),
      events: each.events,
      droppedEventsCount: each.droppedEventsCount,
      resource: each.resource.attributes,
      scope: each.instrumentationScope,
    });
    assert.deepEqual(known(other), known(one));
  }
  assert.equal(ended.length, 2);
});
