/** An error as plain data for a log: with its reason, and with everything that caused it. */
import { inspect } from 'node:util';
import { isPalateError } from '../errors.ts';

export interface DescribedError {
  readonly type: string;
  readonly message: string;
  /** Of a `PalateError`. */
  readonly reason?: string;
  /** Of a system error: `ENOENT`, `ECONNREFUSED`. */
  readonly code?: string;
  /** The stacks of the error and of its causes, each under "caused by". */
  readonly stack: string;
  /** `type: message` of each cause, the nearest first. */
  readonly causes?: readonly string[];
}

/** Deeper chains are cut: no useful one is longer, and a circle would not end. */
const maxCauses = 16;

/** Describes anything thrown. What is no error becomes a message. */
export function describeError(thrown: unknown): DescribedError {
  const [first, ...causes] = errorChain(thrown);
  const headline = first ?? stranger(thrown);
  const code: unknown = Reflect.get(headline, 'code');
  return {
    type: headline.name,
    message: headline.message,
    ...(isPalateError(headline) ? { reason: headline.reason } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    stack: [headline, ...causes].map((error) => error.stack ?? `${error}`).join('\ncaused by: '),
    ...(causes.length === 0 ? {} : { causes: causes.map((cause) => `${cause.name}: ${cause.message}`) }),
  };
}

/** The error and what caused it, the nearest first; the errors of an `AggregateError` count as causes. */
export function errorChain(thrown: unknown): readonly Error[] {
  const chain = new Set<Error>();
  const waiting: unknown[] = [thrown];
  while (waiting.length > 0 && chain.size <= maxCauses) {
    const next = waiting.shift();
    if (next === undefined || next === null) continue;
    const error = next instanceof Error ? next : stranger(next);
    if (chain.has(error)) continue;
    chain.add(error);
    waiting.push(error.cause);
    if (error instanceof AggregateError) waiting.push(...error.errors.slice(0, maxCauses));
  }
  return [...chain];
}

/** For what was thrown and is no error. Its stack would be this file's, which helps nobody. */
function stranger(thrown: unknown): Error {
  const error = new Error(typeof thrown === 'string' ? thrown : inspect(thrown));
  error.stack = `Error: ${error.message}`;
  return error;
}
