/** What passes between a thread and its worker. */
import { type FieldViolation, isPalateError, PalateError, type Reason } from '../errors.ts';

/** To the worker: a request, or that its caller wants it no more. */
export type ToWorker =
  | { readonly id: number; readonly method: string; readonly payload: unknown; readonly deadlineMillis: number }
  | { readonly cancelled: number };

/** From the worker: an answer, or a line for the log. */
export type FromWorker =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: ErrorParts }
  | { readonly level: LogLevel; readonly fields: object; readonly message: string };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An error as it passes between threads, which keep no classes. */
export interface ErrorParts {
  readonly reason: Reason;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMillis: number | undefined;
  readonly cause: unknown;
}

/** Takes apart what was thrown; anything but a PalateError becomes INTERNAL, with itself as its cause. */
export function partsOf(thrown: unknown): ErrorParts {
  const { reason, message, metadata, violations, retryAfterMillis, cause } = PalateError.from(thrown);
  return { reason, message, metadata, violations, retryAfterMillis, cause: passable(cause) };
}

export function errorOf({ reason, message, retryAfterMillis, ...rest }: ErrorParts): PalateError {
  return new PalateError(reason, message, { ...rest, ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }) });
}

/** Of a cause what can be cloned, for the log. */
function passable(cause: unknown): unknown {
  if (cause === undefined) return undefined;
  if (isPalateError(cause)) return new Error(`${cause.reason}: ${cause.message}`);
  return cause instanceof Error ? new Error(cause.stack ?? cause.message) : String(cause);
}
