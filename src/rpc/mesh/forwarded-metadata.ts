import { Metadata } from '@grpc/grpc-js';
import { tenantHeader } from '../../access/tenant.ts';
import type { Span } from '../../telemetry/tracing/tracer.ts';
import type { CallMetadata } from '../call.ts';
import { headersOf } from '../interceptors/call-span.ts';

/** On a call that another process has passed on: it is not passed on once more. */
const forwardedHeader = 'palate-forwarded';

/** What goes along with a call: whose it is, by whose credentials, in which trace, and what the inference protocol has there. */
const passedOn = [tenantHeader, 'authorization', 'traceparent', 'tracestate', 'triton_grpc_error'];

export function isForwarded(metadata: CallMetadata): boolean {
  return metadata.get(forwardedHeader) !== undefined;
}

/** The metadata of a call as it goes on. `ownAuthorization` is for callers that brought none, `span` the one below which it goes on. */
export function forwardedMetadata(
  from: CallMetadata,
  ownAuthorization: string | undefined,
  span?: Span | undefined,
): Metadata {
  const metadata = new Metadata();
  metadata.set(forwardedHeader, '1');
  if (ownAuthorization !== undefined) metadata.set('authorization', ownAuthorization);
  for (const name of passedOn) {
    const value = from.get(name);
    if (value !== undefined) metadata.set(name, value);
  }
  for (const [name, value] of Object.entries(headersOf(span, from))) metadata.set(name, value);
  return metadata;
}
