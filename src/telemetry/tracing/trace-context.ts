/**
 * W3C trace context in bytes, as calls and the journal's records carry it: the ASCII of `traceparent` and, if there is one, a
 * line feed and `tracestate`. https://www.w3.org/TR/trace-context/
 */

/** `00-` trace id `-` span id `-` flags. */
const parentLength = 55;
const parentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  /** '': there is none. */
  readonly state: string;
}

/** Whether it belongs to a trace that is recorded. Looks at two bytes: asked for each record that is folded. */
export function isSampled(trace: Uint8Array): boolean {
  if (trace.length < parentLength || trace[52] !== dash) return false;
  const digit = trace[54]!;
  // The lowest bit of a hex digit: that of the code for 0 to 9, the other one for a to f.
  return (digit & 1) === (digit < 0x60 ? 1 : 0);
}

const dash = 0x2d;

/** Undefined: it is none that this version knows. */
export function parseTrace(trace: Uint8Array): TraceContext | undefined {
  if (trace.length < parentLength) return undefined;
  const [parent = '', state = ''] = Buffer.from(trace.buffer, trace.byteOffset, trace.length)
    .toString('latin1')
    .split('\n');
  return parseTraceParent(parent, state);
}

/** As `parseTrace`, of the two headers. */
export function parseTraceParent(parent: string, state = ''): TraceContext | undefined {
  const [, traceId, spanId, flags] = parentPattern.exec(parent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (traceId === noTrace || spanId === noSpan) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, state };
}

export function formatTraceParent({ traceId, spanId, isSampled: sampled }: Omit<TraceContext, 'state'>): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
