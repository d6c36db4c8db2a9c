import { allowAll, parseTenant, tenantHeader } from '../../access/tenant.ts';
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
}

/**
 * Lets a call in by its headers alone, before a body is read.
 *
 * @throws PalateError SHUTTING_DOWN, INVALID_TENANT, or what `authorize` throws.
 */
export function admitCall(gate: Gate, prepared: PreparedMethod, arrival: Arrival): LiveCall {
  if (gate.draining.aborted) throw shuttingDown();
  const { metadata, peer } = arrival;
  const { options } = gate;
  const tenant = parseTenant(metadata.get(tenantHeader));
  if (options.authorize !== allowAll) {
    options.authorize({ method: prepared.name, tenant, get: (name) => metadata.get(name), peer });
  }
  const now = Date.now();
  const deadlineMillis = effectiveDeadline(prepared.method, arrival.askedDeadlineMillis, now, options);
  return new LiveCall({ method: prepared.method, metadata, tenant, deadlineMillis, draining: gate.draining, peer });
}

/** The error of a call that comes, or still goes on, when the server ends. */
export function shuttingDown(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'this server is shutting down: call again and another will answer');
}
