import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordingTracer } from '../../../src/telemetry/tracing/recording.ts';
import { samplerOf } from '../../../src/telemetry/tracing/sampling.ts';
import type { SpanParts } from '../../../src/telemetry/tracing/span-parts.ts';
import { parseTrace } from '../../../src/telemetry/tracing/trace-context.ts';

function recording() {
  const ended: SpanParts[] = [];
  const tracer = recordingTracer(samplerOf(), (span) => void ended.push(span));
  const root = tracer.startCall('root', undefined, undefined, {});
  assert.ok(root);
  return { ended, tracer, root };
}

describe('a recorded span', () => {
  it('and those below it are of one trace, and none begins before its parent or ends before it began', () => {
    const { ended, root } = recording();
    const child = root.child('child');
    child?.child('grandchild')?.end();
    child?.end();
    root.end();
    const [last, middle, first] = ended;
    assert.ok(first && middle && last);
    assert.deepEqual([first.parentId, middle.parentId, last.parentId], ['', first.spanId, middle.spanId]);
    assert.deepEqual(new Set(ended.map(({ traceId }) => traceId)).size, 1);
    assert.ok(first.startedAtMillis <= middle.startedAtMillis && middle.startedAtMillis <= last.startedAtMillis);
    assert.ok(last.endedAtMillis <= middle.endedAtMillis && middle.endedAtMillis <= first.endedAtMillis);
    for (const { startedAtMillis, endedAtMillis } of ended) assert.ok(startedAtMillis <= endedAtMillis);
    assert.ok(Math.abs(first.startedAtMillis - Date.now()) < 1_000);
  });

  it('is handed over once, and is what it was when it ended', () => {
    const { ended, root } = recording();
    root.set({ size: 1 });
    root.end();
    root.set({ size: 2 });
    root.fail('INTERNAL');
    root.link(root);
    root.end();
    assert.deepEqual(
      ended.map(({ attributes, isFailed, links }) => [attributes, isFailed, links.length]),
      [[{ size: 1 }, false, 0]],
    );
  });

  it('leaves the attributes alone that it was begun with', () => {
    const { ended, tracer } = recording();
    const attributes = Object.freeze({ size: 1 });
    const span = tracer.startCall('x', undefined, undefined, { attributes });
    span?.set({ size: 2 });
    span?.end();
    assert.deepEqual(ended[0]?.attributes, { size: 2 });
  });

  it('has bounds: of spans below, of links, of the state that it carries on', () => {
    const { ended, tracer, root } = recording();
    const children = Array.from({ length: 1_200 }, () => root.child('child'));
    assert.equal(children.filter((child) => child !== undefined).length, 999);
    for (let link = 0; link < 130; link++) root.link(root);
    root.end();
    assert.deepEqual([ended[0]?.links.length, ended[0]?.droppedLinks], [128, 2]);
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const longState = tracer.startCall('x', parent, `shop=${'4'.repeat(600)}`, {});
    assert.deepEqual(Object.keys(longState?.headers ?? {}), ['traceparent']);
  });

  it('goes on in bytes as it does in headers', () => {
    const { tracer } = recording();
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const span = tracer.startCall('x', parent, 'shop=42', {});
    assert.ok(span);
    const { traceId, spanId } = span;
    assert.deepEqual(parseTrace(span.trace), { traceId, spanId, isSampled: true, state: 'shop=42' });
    assert.deepEqual(span.headers, { traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'shop=42' });
    assert.equal(traceId, 'a'.repeat(32));
    assert.notEqual(spanId, 'b'.repeat(16));
  });

  it('has an id that no other has', () => {
    const { tracer } = recording();
    const ids = Array.from({ length: 2_000 }, () => tracer.startCall('x', undefined, undefined, {}));
    assert.equal(new Set(ids.map((span) => span?.traceId)).size, 2_000);
    assert.equal(new Set(ids.map((span) => span?.spanId)).size, 2_000);
    for (const span of ids) assert.match(span?.headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.match(tracer.unsampledParent(), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});
