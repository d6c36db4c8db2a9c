/** Calls in the log: those that were slow, and each one where the log is to say everything. */
import type { BoundService } from '../rpc/handlers.ts';
import type { CallObserver } from '../rpc/interceptors/observation.ts';
import type { Log } from '../telemetry/log.ts';
import { logFieldsOf } from '../telemetry/tracing/tracer.ts';

/**
 * Undefined: nothing of them is logged. Of the caller nothing is, nor of what it said. A stream is not slow because it lasts, so
 * `slowMillis` is for calls of `services` with one answer.
 */
export function callLog(
  slowMillis: number | undefined,
  services: readonly BoundService[],
  log: Log,
): CallObserver | undefined {
  const { isDebug } = log;
  if (slowMillis === undefined && !isDebug) return undefined;
  const unary = new Set(services.flatMap(({ methods }) => methods.filter(isUnary).map(({ path }) => path)));
  return (path, code, durationMillis, port, span) => {
    const isSlow = slowMillis !== undefined && durationMillis > slowMillis && unary.has(path);
    if (!isSlow && !isDebug) return;
    const millis = Math.round(durationMillis * 10) / 10;
    const fields = { method: path.slice(1), code, millis, port, ...logFieldsOf(span) };
    if (isSlow) log.warn(fields, 'a slow call');
    else log.debug(fields, 'a call');
  };
}

function isUnary({ method }: BoundService['methods'][number]): boolean {
  return method.methodKind === 'unary';
}
