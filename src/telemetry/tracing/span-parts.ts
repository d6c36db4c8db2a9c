/** Spans as they pass between threads, which keep no classes: recorded on one, and given OpenTelemetry's shape on the other. */
import { createTraceState, type HrTime, type SpanContext, SpanKind as SpanKinds, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanAttributes, SpanKind } from './tracer.ts';

/** A span as others name it. */
export interface SpanId {
  readonly traceId: string;
  readonly spanId: string;
  /** As the header `tracestate` has it; '': there is none. */
  readonly state: string;
}

/** A span that has ended. */
export interface SpanParts extends SpanId {
  /** '': it is the first of its trace. */
  readonly parentId: string;
  readonly isParentRemote: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: SpanAttributes;
  readonly isFailed: boolean;
  /** Since the epoch, with a fraction. */
  readonly startedAtMillis: number;
  readonly endedAtMillis: number;
  readonly links: readonly SpanId[];
  readonly droppedLinks: number;
}

/** Of whom the spans of a process are: the same for all. */
export type SpanOwner = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

const kinds = {
  internal: SpanKinds.INTERNAL,
  server: SpanKinds.SERVER,
  client: SpanKinds.CLIENT,
  producer: SpanKinds.PRODUCER,
  consumer: SpanKinds.CONSUMER,
} as const;

const unset = { code: 0 } as const;
const failed = { code: 2 } as const;

/** The span as exporters take it. */
export function spanOfParts(parts: SpanParts, { resource, instrumentationScope }: SpanOwner): ReadableSpan {
  const { traceId, parentId, state } = parts;
  const own = contextOf(parts);
  const parent = parentId === '' ? undefined : contextOf({ traceId, spanId: parentId, state });
  return {
    name: parts.name,
    kind: kinds[parts.kind],
    spanContext: () => own,
    ...(parent === undefined ? {} : { parentSpanContext: { ...parent, isRemote: parts.isParentRemote } }),
    startTime: hrTimeOf(parts.startedAtMillis),
    endTime: hrTimeOf(parts.endedAtMillis),
    duration: hrTimeOf(parts.endedAtMillis - parts.startedAtMillis),
    status: parts.isFailed ? failed : unset,
    attributes: parts.attributes,
    links: parts.links.map((link) => ({ context: contextOf(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: parts.droppedLinks,
  };
}

function contextOf({ traceId, spanId, state }: SpanId): SpanContext {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return state === '' ? context : { ...context, traceState: createTraceState(state) };
}

/** Seconds, and the nanoseconds beyond them. */
function hrTimeOf(millis: number): HrTime {
  const seconds = Math.floor(millis / 1e3);
  // A double holds a time of today to a quarter of a microsecond; what is rounded up to a second is left below it.
  return [seconds, Math.min(999_999_999, Math.round((millis - seconds * 1e3) * 1e6))];
}
