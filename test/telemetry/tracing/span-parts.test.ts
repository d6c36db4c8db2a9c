import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { recordingTracer } from '../../../src/telemetry/tracing/recording.ts';
import { samplerOf } from '../../../src/telemetry/tracing/sampling.ts';
import { type SpanParts, spanOfParts } from '../../../src/telemetry/tracing/span-parts.ts';

const owner = {
  resource: resourceFromAttributes({ 'service.name': 'kitchen' }),
  instrumentationScope: { name: 'palate', version: '1' },
};

test('a span has the shape of the SDK on the other side of a thread', () => {
  const ended: SpanParts[] = [];
  const tracer = recordingTracer(samplerOf(), (span) => void ended.push(span));
  const [traceId, parentId] = ['a'.repeat(32), 'b'.repeat(16)];
  const options = { kind: 'server', attributes: { size: 3 } } as const;
  const other = tracer.startCall('other', undefined, undefined, {});
  assert.ok(other);
  const span = tracer.startCall('below', `00-${traceId}-${parentId}-01`, 'shop=42', { ...options, links: [other] });
  span?.fail('INTERNAL');
  span?.end();
  other.end();
  const [read, root] = structuredClone(ended).map((parts) => spanOfParts(parts, owner));
  assert.ok(read && root);
  const { traceState, ...own } = read.spanContext();
  assert.deepEqual(own, { traceId, spanId: span?.spanId, traceFlags: TraceFlags.SAMPLED });
  assert.equal(traceState?.serialize(), 'shop=42');
  assert.equal(read.parentSpanContext?.spanId, parentId);
  assert.equal(read.parentSpanContext.isRemote, true);
  assert.deepEqual([read.name, read.kind, read.status.code], ['below', SpanKind.SERVER, SpanStatusCode.ERROR]);
  assert.deepEqual(read.attributes, { size: 3, 'error.type': 'INTERNAL' });
  assert.deepEqual(
    read.links.map(({ context }) => context),
    [root.spanContext()],
  );
  assert.equal(read.resource, owner.resource);
  assert.equal(root.parentSpanContext, undefined);
  assert.deepEqual([root.kind, root.status.code], [SpanKind.INTERNAL, SpanStatusCode.UNSET]);
});

test('times are whole nanoseconds beyond whole seconds', () => {
  const parts: Omit<SpanParts, 'startedAtMillis' | 'endedAtMillis'> = {
    ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), state: '', parentId: '', isParentRemote: false },
    ...{ name: 'x', kind: 'internal', attributes: {}, isFailed: false, links: [], droppedLinks: 0 },
  };
  const read = spanOfParts(
    { ...parts, startedAtMillis: 1_790_000_000_250.5, endedAtMillis: 1_790_000_001_999.75 },
    owner,
  );
  assert.deepEqual(read.startTime, [1_790_000_000, 250_500_000]);
  assert.deepEqual(read.endTime, [1_790_000_001, 999_750_000]);
  assert.deepEqual(read.duration, [1, 749_250_000]);
  const late = spanOfParts({ ...parts, startedAtMillis: 0, endedAtMillis: 999.999_999_9 }, owner);
  assert.deepEqual(late.endTime, [0, 999_999_999]);
});
