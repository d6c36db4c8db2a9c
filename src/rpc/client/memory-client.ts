import { create, type DescMessage, type DescService, type MessageInitShape } from '@bufbuild/protobuf';
import { tenantHeader } from '../../access/tenant.ts';
import type { CallMetadata } from '../call.ts';
import type { BoundService } from '../handlers.ts';
import { startServerSpan } from '../interceptors/call-span.ts';
import { observeStart } from '../interceptors/observation.ts';
import { cancelled } from '../live-call.ts';
import { LiveCalls } from '../live-calls.ts';
import { type Log, silentLog } from '../log.ts';
import { defaultRpcOptions, type RpcOptions } from '../options.ts';
import { type PreparedMethod, prepareMethod } from '../prepare.ts';
import { type Running, runMany, runOne } from '../run-call.ts';
import { admitOwn, type Gate } from '../server/gate.ts';
import { type AnyClientMethod, type Client, type ClientCallOptions, clientOf } from './client.ts';

export interface MemoryClientOptions {
  /** Of calls that name none. */
  readonly tenant?: string;
  readonly options?: Partial<RpcOptions>;
  readonly log?: Log;
}

/**
 * A client of a service in the same process. Calls take the same way as over the network (tenant, deadline, validation,
 * errors) without sockets and, except for a method that takes its requests as bytes, without encoding: do not change a
 * message after it was handed over.
 */
export function createMemoryClient<S extends DescService>(
  bound: BoundService<S>,
  { tenant = '', options, log = silentLog }: MemoryClientOptions = {},
): Client<S> {
  const gate: Gate = {
    options: { ...defaultRpcOptions, ...options },
    calls: new LiveCalls(),
    draining: new AbortController().signal,
  };
  const prepared = new Map(bound.methods.map((method) => [method.method, prepareMethod(method, gate.options)]));
  return clientOf(bound.service, (method) => callInMemory(prepared.get(method) as PreparedMethod, gate, log, tenant));
}

function callInMemory(prepared: PreparedMethod, gate: Gate, log: Log, tenant: string): AnyClientMethod {
  const input = prepared.requestStream
    ? (request: unknown) => admitEach(prepared, request as AsyncIterable<unknown>)
    : (request: unknown) => admit(prepared, request);
  if (prepared.responseStream) {
    return async function* (request: unknown, callOptions: ClientCallOptions = {}) {
      const { running, release } = start(prepared, gate, log, { tenant, ...callOptions });
      try {
        yield* runMany(running, () => input(request));
      } finally {
        release();
      }
    };
  }
  return async (request: unknown, callOptions: ClientCallOptions = {}) => {
    const { running, release } = start(prepared, gate, log, { tenant, ...callOptions });
    try {
      return await runOne(running, () => input(request));
    } finally {
      release();
    }
  };
}

/** `release` lets go of the caller's signal, which may outlive many calls. */
function start(
  prepared: PreparedMethod,
  gate: Gate,
  log: Log,
  callOptions: ClientCallOptions,
): { readonly running: Running; readonly release: () => void } {
  const startedAt = observeStart();
  const { timeoutMillis, signal } = callOptions;
  const metadata = metadataOf(callOptions);
  const live = admitOwn(gate, prepared, {
    metadata,
    askedDeadlineMillis: timeoutMillis === undefined ? Infinity : Date.now() + timeoutMillis,
    peer: () => 'memory',
    certificateNames: () => [],
  });
  // What this process does for itself is not worth a trace of its own.
  if (metadata.get('traceparent') !== undefined) live.span = startServerSpan(prepared.name, metadata, 'memory');
  const onAbort = (): void => live.cutOff(cancelled(prepared.method));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const running: Running = { prepared, live, startedAt, port: 'memory', log, calls: gate.calls };
  return { running, release: () => signal?.removeEventListener('abort', onAbort) };
}

function metadataOf({ tenant, span, metadata: given = {} }: ClientCallOptions): CallMetadata {
  const metadata = span === undefined ? given : { ...given, ...span.headers };
  const find = (name: string): string | Uint8Array | undefined => (name === tenantHeader ? tenant : metadata[name]);
  return {
    get(name) {
      const value = find(name);
      return typeof value === 'string' ? value : undefined;
    },
    getBinary(name) {
      const value = find(name);
      return typeof value === 'string' ? undefined : value;
    },
  };
}

function admit(prepared: PreparedMethod, request: unknown): unknown {
  if (request instanceof Uint8Array) return prepared.receive(request);
  const { input } = prepared.method;
  return prepared.admit(create(input, request as MessageInitShape<DescMessage>), input);
}

async function* admitEach(prepared: PreparedMethod, requests: AsyncIterable<unknown>): AsyncGenerator {
  for await (const request of requests) yield admit(prepared, request);
}
