import type { DescMethod } from '@bufbuild/protobuf';
import type { RpcOptions } from '../options.ts';

/**
 * When a call must be done, in milliseconds since the epoch.
 *
 * A unary call gets the default where its caller set none, and never more than the maximum. A stream has only what its
 * caller set: a subscription may live for days.
 *
 * @param askedMillis the caller's deadline, Infinity for none.
 */
export function effectiveDeadline(
  method: DescMethod,
  askedMillis: number,
  nowMillis: number,
  options: RpcOptions,
): number {
  if (method.methodKind !== 'unary') return askedMillis;
  const wanted = askedMillis === Infinity ? nowMillis + options.defaultTimeoutMillis : askedMillis;
  return Math.min(wanted, nowMillis + options.maxTimeoutMillis);
}
