/**
 * The tracer of a process that is traced. A span is a plain record on the thread that serves, which is handed over when it ends:
 * OpenTelemetry's SDK is with whoever exports it.
 */
import { createTraceState } from '@opentelemetry/api';
import type { Sample } from './sampling.ts';
import type { SpanId, SpanParts } from './span-parts.ts';
import { formatTraceParent, parseTrace, parseTraceParent, type TraceContext } from './trace-context.ts';
import { newSpanId, newTraceId } from './trace-ids.ts';
import type { Span, SpanAttributes, SpanOptions, Tracer } from './tracer.ts';

/** So many spans one call may have in this process: a stream that lasts would have any number. */
const maxSpans = 1_000;
/** So many links a span may have: the default of `OTEL_SPAN_LINK_COUNT_LIMIT`. */
const maxLinks = 128;

const encoder = new TextEncoder();

/** What all spans below one that `Tracer` began have in common. */
interface Family {
  readonly ended: (span: SpanParts) => void;
  readonly traceId: string;
  readonly state: string;
  /** What `performance.now` is to be added to for the time since the epoch: the same for all, so that none begins before its parent. */
  readonly clockMillis: number;
  spans: number;
}

/** What may change until a span ends. */
type Draft = {
  -readonly [Key in keyof SpanParts]: Key extends 'links'
    ? SpanId[]
    : Key extends 'attributes'
      ? Record<string, string | number | boolean>
      : SpanParts[Key];
};

/** Records what is sampled. `ended` gets each span when it has ended; it must be quick and not throw. */
export function recordingTracer(sample: Sample, ended: (span: SpanParts) => void): Tracer {
  const begin = (name: string, parent: TraceContext | undefined, options?: SpanOptions): Span => {
    const { traceId, spanId, state } = parent ?? { traceId: newTraceId(), spanId: '', state: '' };
    const clockMillis = Date.now() - performance.now();
    return new RecordedSpan({ ended, traceId, state: passable(state), clockMillis, spans: 1 }, name, spanId, options);
  };
  const start = (name: string, parent: TraceContext | undefined, options?: SpanOptions): Span | undefined =>
    sample(parent) ? begin(name, parent, options) : undefined;
  return {
    start: (name, parent, options) => start(name, parseTrace(parent), options),
    samplesNew: () => sample(undefined),
    startCall: (name, parent, state, options) =>
      parent === undefined ? begin(name, undefined, options) : start(name, parseTraceParent(parent, state), options),
    unsampledParent: () => formatTraceParent({ traceId: newTraceId(), spanId: newSpanId(), isSampled: false }),
  };
}

/** Of a `tracestate` what may go on: what is well-formed, and no more than 512 characters. */
function passable(state: string): string {
  return state === '' ? '' : createTraceState(state).serialize();
}

class RecordedSpan implements Span {
  readonly #family: Family;
  readonly #draft: Draft;
  #hasEnded = false;

  constructor(family: Family, name: string, parentId: string, options: SpanOptions = {}) {
    const { kind = 'internal', attributes, links = [] } = options;
    const { traceId, state, clockMillis } = family;
    this.#family = family;
    this.#draft = {
      traceId,
      spanId: newSpanId(),
      state,
      parentId,
      isParentRemote: parentId !== '' && family.spans === 1,
      name,
      kind,
      attributes: { ...attributes },
      isFailed: false,
      startedAtMillis: clockMillis + performance.now(),
      endedAtMillis: 0,
      links: [],
      droppedLinks: 0,
    };
    for (const link of links) this.link(link);
  }

  get traceId(): string {
    return this.#draft.traceId;
  }

  get spanId(): string {
    return this.#draft.spanId;
  }

  get headers(): Readonly<Record<string, string>> {
    const { traceId, spanId, state } = this.#draft;
    const traceparent = formatTraceParent({ traceId, spanId, isSampled: true });
    return state === '' ? { traceparent } : { traceparent, tracestate: state };
  }

  get trace(): Uint8Array {
    return encoder.encode(Object.values(this.headers).join('\n'));
  }

  child(name: string, options?: SpanOptions): Span | undefined {
    if (this.#family.spans >= maxSpans) return undefined;
    this.#family.spans += 1;
    return new RecordedSpan(this.#family, name, this.#draft.spanId, options);
  }

  set(attributes: SpanAttributes): void {
    if (!this.#hasEnded) Object.assign(this.#draft.attributes, attributes);
  }

  link(other: Span): void {
    if (this.#hasEnded) return;
    if (this.#draft.links.length >= maxLinks) this.#draft.droppedLinks += 1;
    else this.#draft.links.push((other as RecordedSpan).#id);
  }

  fail(type: string): void {
    if (this.#hasEnded) return;
    this.#draft.attributes['error.type'] = type;
    this.#draft.isFailed = true;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#draft.endedAtMillis = this.#family.clockMillis + performance.now();
    this.#family.ended(this.#draft);
  }

  get #id(): SpanId {
    const { traceId, spanId, state } = this.#draft;
    return { traceId, spanId, state };
  }
}
