import type { StatusCode } from '../../errors.ts';
import type { Span } from '../../telemetry/tracing/tracer.ts';
import { endServerSpan } from './call-span.ts';
import type { Port } from './port.ts';

/**
 * Told of each call when it has ended, and of a stream when that has. It runs on the way of every call: it must be quick, keep
 * nothing, and not throw. `span`: the call's own, where it is recorded. `path` is `/palate.ingest.v1.IngestService/Publish`, or `otherMethod` for a method that is not there.
 */
export type CallObserver = (
  path: string,
  code: StatusCode,
  durationMillis: number,
  port: Port,
  span?: Span | undefined,
) => void;

/** The path under which calls to unknown methods are told: their names are the caller's to make up. */
export const otherMethod = '/_OTHER';

let observers: readonly CallObserver[] = [];

/** Observes the calls of this process, whichever server they come to. Returns what ends it. Without observers nothing is measured. */
export function observeCalls(observer: CallObserver): () => void {
  observers = [...observers, observer];
  return () => {
    observers = observers.filter((other) => other !== observer);
  };
}

/** The start of a call for `observeEnd`; 0 where nobody observes. */
export function observeStart(): number {
  return observers.length === 0 ? 0 : performance.now();
}

/** Tells observers of the end of a call that `observeStart` has seen, and ends its span. */
export function observeEnd(
  startedAt: number,
  path: string,
  code: StatusCode,
  port: Port,
  span?: Span | undefined,
): void {
  if (span !== undefined) endServerSpan(span, code, port);
  if (startedAt === 0) return;
  const durationMillis = performance.now() - startedAt;
  for (const observer of observers) observer(path, code, durationMillis, port, span);
}
