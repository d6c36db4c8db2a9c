import { allowAll } from '../../access/authorize.ts';
import type { Caller } from '../../access/caller.ts';
import { parseTenant, tenantHeader } from '../../access/tenant.ts';
import { PalateError } from '../../errors.ts';
import type { CallMetadata } from '../call.ts';
import { effectiveDeadline } from '../interceptors/deadline.ts';
import { LiveCall } from '../live-call.ts';
import type { LiveCalls } from '../live-calls.ts';
import type { RpcOptions } from '../options.ts';
import type { PreparedMethod } from '../prepare.ts';

/** What all ports of one server share: its bounds, the calls under way, and whether it still takes new ones. */
export interface Gate {
  readonly options: RpcOptions;
  readonly calls: LiveCalls;
  /** Aborts when the server begins to drain: from then on the gate refuses. */
  readonly draining: AbortSignal;
}

/** What a transport has of a call before its body. */
export interface Arrival {
  readonly metadata: CallMetadata;
  /** The caller's deadline in milliseconds since the epoch; Infinity for none. */
  readonly askedDeadlineMillis: number;
  readonly peer: () => string;
  /** The names in the certificate that the caller has shown. */
  readonly certificateNames: () => readonly string[];
}

/**
 * Lets a call in by its headers alone, before a body is read. It takes a promise only where credentials have to be verified
 * that were not seen before.
 *
 * @throws PalateError, or rejects with it: SHUTTING_DOWN, INVALID_TENANT, or what `authorize` says.
 */
export function admitCall(gate: Gate, prepared: PreparedMethod, arrival: Arrival): LiveCall | Promise<LiveCall> {
  const { authorize } = gate.options;
  if (authorize === allowAll) return admitOwn(gate, prepared, arrival);
  if (gate.draining.aborted) throw shuttingDown();
  const { metadata, peer, certificateNames } = arrival;
  const tenant = parseTenant(metadata.get(tenantHeader));
  const get = (name: string) => metadata.get(name);
  const caller = authorize({ method: prepared.name, tenant, get, peer, certificateNames });
  if (caller instanceof Promise) return caller.then((known) => begin(gate, prepared, arrival, tenant, known));
  return begin(gate, prepared, arrival, tenant, caller);
}

/** Lets a call in of which it is known that it may go on: from within this process, or where everyone may do everything. */
export function admitOwn(gate: Gate, prepared: PreparedMethod, arrival: Arrival): LiveCall {
  return begin(gate, prepared, arrival, parseTenant(arrival.metadata.get(tenantHeader)), undefined);
}

function begin(
  { options, draining }: Gate,
  { method, requestStream, responseStream }: PreparedMethod,
  { metadata, askedDeadlineMillis, peer }: Arrival,
  tenant: string,
  caller: Caller | undefined,
): LiveCall {
  if (draining.aborted) throw shuttingDown();
  const deadlineMillis = effectiveDeadline(method, askedDeadlineMillis, Date.now(), options);
  const endsAtExpiry = options.endStreamsAtExpiry && (requestStream || responseStream);
  const expiresAtMillis = endsAtExpiry ? caller?.expiresAtMillis : undefined;
  return new LiveCall({ method, metadata, tenant, caller, deadlineMillis, expiresAtMillis, draining, peer });
}

/** The error of a call that comes, or still goes on, when the server ends. */
export function shuttingDown(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'this server is shutting down: call again and another will answer');
}
