/** The tracer over OpenTelemetry's SDK: spans are kept in its bounded queue and exported in batches, over OTLP. */
import { randomBytes } from 'node:crypto';
import {
  type Context,
  createTraceState,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type SpanContext,
  SpanKind as SpanKinds,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Sample } from './sampling.ts';
import { formatTraceParent, parseTrace, parseTraceParent, type TraceContext } from './trace-context.ts';
import type { Span, SpanAttributes, SpanOptions, Tracer } from './tracer.ts';

const kinds = {
  internal: SpanKinds.INTERNAL,
  server: SpanKinds.SERVER,
  client: SpanKinds.CLIENT,
  producer: SpanKinds.PRODUCER,
  consumer: SpanKinds.CONSUMER,
} as const;

/** So many spans one call may have in this process: a stream that lasts would have any number. */
const maxSpans = 1_000;

const encoder = new TextEncoder();

/** What all spans below one that `Tracer` began have in common. */
interface Family {
  readonly tracer: OtelTracer;
  spans: number;
}

/** Begins spans of `tracer`, which must not sample itself. */
export function otelTracer(tracer: OtelTracer, sample: Sample): Tracer {
  const root = (name: string, options?: SpanOptions) => begin({ tracer, spans: 1 }, name, ROOT_CONTEXT, options);
  const start = (name: string, parent: TraceContext | undefined, options?: SpanOptions): Span | undefined => {
    if (!sample(parent)) return undefined;
    return parent === undefined ? root(name, options) : begin({ tracer, spans: 1 }, name, contextOf(parent), options);
  };
  return {
    start: (name, parent, options) => start(name, parseTrace(parent), options),
    samplesNew: () => sample(undefined),
    startCall: (name, parent, state, options) =>
      parent === undefined ? root(name, options) : start(name, parseTraceParent(parent, state), options),
    unsampledParent() {
      const ids = randomBytes(24).toString('hex');
      return formatTraceParent({ traceId: ids.slice(0, 32), spanId: ids.slice(32), isSampled: false });
    },
  };
}

function contextOf({ traceId, spanId, isSampled: sampled, state }: TraceContext): Context {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const parent: SpanContext = { traceId, spanId, traceFlags, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, state === '' ? parent : { ...parent, traceState: createTraceState(state) });
}

function begin(family: Family, name: string, context: Context, options: SpanOptions = {}): Span {
  const { kind = 'internal', attributes = {}, links = [] } = options;
  const own = links.map((link) => ({ context: (link as RecordedSpan).sdk.spanContext() }));
  const sdk = family.tracer.startSpan(name, { kind: kinds[kind], attributes, links: own }, context);
  return new RecordedSpan(family, sdk);
}

class RecordedSpan implements Span {
  readonly sdk: SdkSpan;
  readonly #family: Family;

  constructor(family: Family, sdk: SdkSpan) {
    this.#family = family;
    this.sdk = sdk;
  }

  get traceId(): string {
    return this.sdk.spanContext().traceId;
  }

  get spanId(): string {
    return this.sdk.spanContext().spanId;
  }

  get headers(): Readonly<Record<string, string>> {
    const { traceState } = this.sdk.spanContext();
    const traceparent = formatTraceParent({ traceId: this.traceId, spanId: this.spanId, isSampled: true });
    const tracestate = traceState?.serialize() ?? '';
    return tracestate === '' ? { traceparent } : { traceparent, tracestate };
  }

  get trace(): Uint8Array {
    return encoder.encode(Object.values(this.headers).join('\n'));
  }

  child(name: string, options?: SpanOptions): Span | undefined {
    if (this.#family.spans >= maxSpans) return undefined;
    this.#family.spans += 1;
    return begin(this.#family, name, trace.setSpanContext(ROOT_CONTEXT, this.sdk.spanContext()), options);
  }

  set(attributes: SpanAttributes): void {
    this.sdk.setAttributes(attributes);
  }

  link(other: Span): void {
    this.sdk.addLink({ context: (other as RecordedSpan).sdk.spanContext() });
  }

  fail(type: string): void {
    this.sdk.setAttribute('error.type', type);
    this.sdk.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.sdk.end();
  }
}
