/** Spans as the rooms see them. What records them (`recording.ts`) and exports them is loaded where tracing is on. */

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Default: internal. */
  readonly kind?: SpanKind;
  readonly attributes?: SpanAttributes;
  /** Of other traces, or of others in the same one. */
  readonly links?: readonly Span[];
}

/** A span that is recorded. Where nothing is, there is none: who may have one holds `Span | undefined`, and asks by `?.`. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** What goes on with a message or a record, as `Call.trace` has it. */
  readonly trace: Uint8Array;
  /** The headers of a call that goes on. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where the spans of this process for one call have become too many. */
  child(name: string, options?: SpanOptions): Span | undefined;
  set(attributes: SpanAttributes): void;
  link(other: Span): void;
  /** It failed: `type` is a status code or the like, of which there are few. */
  fail(type: string): void;
  end(): void;
}

/** What begins spans that no other of this process is the parent of. */
export interface Tracer {
  /**
   * `parent`: the bytes of a trace context, '' or empty where there is none. Undefined: it is not sampled.
   */
  start(name: string, parent: Uint8Array, options?: SpanOptions): Span | undefined;
  /** Whether a call that brings no trace begins one. To be asked once for each: it draws by lot. */
  samplesNew(): boolean;
  /** As `start`, from the headers of a call; without a parent it is recorded, for `samplesNew` has said so. */
  startCall(
    name: string,
    parent: string | undefined,
    state: string | undefined,
    options: SpanOptions,
  ): Span | undefined;
  /** The `traceparent` of a call that goes on, whose trace is not recorded: whoever gets it does not decide anew. */
  unsampledParent(): string;
}

let active: Tracer | undefined;

/** Undefined: tracing is off. */
export function activeTracer(): Tracer | undefined {
  return active;
}

/** Traces this process. Returns what ends it. */
export function useTracer(tracer: Tracer): () => void {
  active = tracer;
  return () => {
    if (active === tracer) active = undefined;
  };
}

/** Runs work in a span of its own, where its parent has one. */
export function traced<Result>(
  parent: Span | undefined,
  name: string,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  const span = parent?.child(name);
  return span === undefined ? work(undefined) : within(span, work);
}

async function within<Result>(span: Span, work: (span: Span) => Promise<Result>): Promise<Result> {
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

/** Ends a span when a promise settles, as it does. */
export function endWith(span: Span | undefined, settled: Promise<unknown>): void {
  if (span === undefined) return;
  settled.then(
    () => span.end(),
    (error: unknown) => endFailed(span, error),
  );
}

/** Ends a span of what has thrown. */
export function endFailed(span: Span | undefined, error: unknown): void {
  span?.fail(failureType(error));
  span?.end();
}

/** `error.type` of what was thrown: a reason, or the kind of error. */
function failureType(error: unknown): string {
  const { reason } = (error ?? {}) as { readonly reason?: unknown };
  if (typeof reason === 'string') return reason;
  return error instanceof Error ? error.name : '_OTHER';
}

/** The fields by which a line of the log is found from its trace; none where nothing is recorded. */
export function logFieldsOf(span: Span | undefined): { readonly trace_id?: string; readonly span_id?: string } {
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
