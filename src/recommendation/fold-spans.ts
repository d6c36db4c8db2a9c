/** Spans of the fold: of records whose trace is sampled, while they are new. What is replayed was told before. */
import { isSampled } from '../telemetry/tracing/trace-context.ts';
import { activeTracer, type Span } from '../telemetry/tracing/tracer.ts';

/** What is older was folded by others, or before. */
const newestMicros = 60e6;
/** So many spans an answer of the journal's owner may have. */
const maxSpans = 64;

/** Records side by side that may have traces. */
interface TracedBlock {
  readonly length: number;
  readonly hasTraces: boolean;
  trace(at: number): Uint8Array;
  sequence(at: number): number;
  appendedAtMicros(at: number): number;
}

/** Undefined: it is not recorded. */
export function startFoldSpan(trace: Uint8Array, firstSequence: number, events: number): Span | undefined {
  const tracer = activeTracer();
  if (tracer === undefined || !isSampled(trace)) return undefined;
  const attributes = { 'palate.sequence': firstSequence, 'palate.events': events };
  return tracer.start('fold', trace, { kind: 'consumer', attributes });
}

/** Spans for the records of a block, one for those of the same batch. They are to be ended when the block is folded. */
export function startFoldSpans(block: TracedBlock): readonly Span[] {
  if (activeTracer() === undefined || !block.hasTraces) return [];
  const oldestMicros = Date.now() * 1e3 - newestMicros;
  const spans: Span[] = [];
  for (let at = 0; at < block.length && spans.length < maxSpans; ) {
    const trace = block.trace(at);
    const from = at++;
    if (trace.length === 0 || block.appendedAtMicros(from) < oldestMicros) continue;
    while (at < block.length && Buffer.compare(block.trace(at), trace) === 0) at++;
    const span = startFoldSpan(trace, block.sequence(from), at - from);
    if (span !== undefined) spans.push(span);
  }
  return spans;
}
