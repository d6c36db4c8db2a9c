/** Spans as they pass between threads, which keep no classes. */
import { createTraceState, type SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

interface ContextParts extends Omit<SpanContext, 'traceState'> {
  /** As the header `tracestate` has it; '': there is none. */
  readonly state: string;
}

/** Of whom the spans of a process are: the same for all. */
export type SpanOwner = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

type OwnParts = Omit<
  ReadableSpan,
  'spanContext' | 'parentSpanContext' | 'links' | 'resource' | 'instrumentationScope' | 'events' | 'droppedEventsCount'
>;

/** A span that has ended. There are no events in ours. */
export interface SpanParts extends OwnParts {
  readonly context: ContextParts;
  readonly parent: ContextParts | undefined;
  readonly links: readonly ContextParts[];
}

export function partsOfSpan(span: ReadableSpan): SpanParts {
  const { name, kind, startTime, endTime, duration, status, attributes, ended } = span;
  const { links, parentSpanContext, droppedAttributesCount, droppedLinksCount } = span;
  return {
    ...{
      name,
      kind,
      startTime,
      endTime,
      duration,
      status,
      attributes,
      ended,
      droppedAttributesCount,
      droppedLinksCount,
    },
    context: partsOf(span.spanContext()),
    parent: parentSpanContext === undefined ? undefined : partsOf(parentSpanContext),
    links: links.map(({ context }) => partsOf(context)),
  };
}

/** The same span on the other side. */
export function spanOfParts({ context, parent, links, ...own }: SpanParts, owner: SpanOwner): ReadableSpan {
  const spanContext = contextOf(context);
  return {
    ...own,
    ...owner,
    spanContext: () => spanContext,
    ...(parent === undefined ? {} : { parentSpanContext: contextOf(parent) }),
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    droppedEventsCount: 0,
  };
}

function partsOf({ traceState, ...context }: SpanContext): ContextParts {
  return { ...context, state: traceState?.serialize() ?? '' };
}

function contextOf({ state, ...context }: ContextParts): SpanContext {
  return state === '' ? context : { ...context, traceState: createTraceState(state) };
}
