/** Spans of calls, by OpenTelemetry's conventions for RPC: https://opentelemetry.io/docs/specs/semconv/rpc/ */
import type { StatusCode } from '../../errors.ts';
import { activeTracer, type Span } from '../../telemetry/tracing/tracer.ts';
import type { CallMetadata } from '../call.ts';
import type { Port } from './port.ts';

/** What a server is to blame for; to refuse a caller is no error of the server. */
const serverErrors = new Set<StatusCode>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** The span of a call that came in; undefined where it is not recorded. `method`: `package.Service/Method`. */
export function startServerSpan(method: string, metadata: CallMetadata, port: Port): Span | undefined {
  const tracer = activeTracer();
  if (tracer === undefined) return undefined;
  const parent = metadata.get('traceparent');
  if (parent === undefined && !tracer.samplesNew()) return undefined;
  // Health and reflection are asked all the time, and lead to nothing.
  if (method.startsWith('grpc.')) return undefined;
  const attributes = { 'rpc.system.name': systemOf(port), 'rpc.method': method };
  const state = parent === undefined ? undefined : metadata.get('tracestate');
  return tracer.startCall(method, parent, state, { kind: 'server', attributes });
}

/** Ends it. */
export function endServerSpan(span: Span, code: StatusCode, port: Port): void {
  span.set({ 'rpc.status_code': port === 'http' ? code.toLowerCase() : code });
  if (serverErrors.has(code)) span.fail(code);
  span.end();
}

/** The span of a call that goes out to `address` (`host:port`), below whoever makes it. */
export function startClientSpan(parent: Span | undefined, path: string, address: string): Span | undefined {
  if (parent === undefined) return undefined;
  const method = path.slice(1);
  const colon = address.lastIndexOf(':');
  const attributes = {
    'rpc.system.name': 'grpc',
    'rpc.method': method,
    'server.address': address.slice(0, colon),
    'server.port': Number(address.slice(colon + 1)),
  };
  return parent.child(method, { kind: 'client', attributes });
}

/** Ends it: for who calls, everything but OK is an error. */
export function endClientSpan(span: Span | undefined, code: StatusCode): void {
  if (span === undefined) return;
  span.set({ 'rpc.status_code': code });
  if (code !== 'OK') span.fail(code);
  span.end();
}

/** The headers with which a call goes on. Empty: it has those with which it came, if any. */
export function headersOf(
  span: Span | undefined,
  incoming: Pick<CallMetadata, 'get'> | undefined,
): Readonly<Record<string, string>> {
  if (span !== undefined) return span.headers;
  const tracer = activeTracer();
  if (tracer === undefined || incoming?.get('traceparent') !== undefined) return {};
  return { traceparent: tracer.unsampledParent() };
}

function systemOf(port: Port): string {
  return port === 'http' ? 'connectrpc' : 'grpc';
}
