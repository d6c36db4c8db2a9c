import { channel } from 'node:diagnostics_channel';
import type { StatusCode } from '../../errors.ts';

/** Which way a call came in. */
export type Port = 'grpc' | 'http' | 'memory';

/** What is told of a call when it has ended. */
export interface CallEnd {
  /** `palate.ingest.v1.IngestService/Publish`, or `_OTHER` for a method that is not there. */
  readonly method: string;
  readonly code: StatusCode;
  readonly durationMicros: number;
  readonly port: Port;
}

/** The channel of `CallEnd`s: subscribe with `node:diagnostics_channel`. Without a subscriber nothing is measured. */
export const callEnds = channel('palate:rpc:call-end');

/** The path under which calls to unknown methods are told: their names are the caller's to make up. */
export const otherMethod = '/_OTHER';

/** The start of a call for `observeEnd`; 0 where nobody listens. */
export function observeStart(): number {
  return callEnds.hasSubscribers ? performance.now() : 0;
}

/** Tells listeners of the end of a call that `observeStart` has seen. */
export function observeEnd(startedAt: number, path: string, code: StatusCode, port: Port): void {
  if (startedAt === 0) return;
  const durationMicros = Math.round((performance.now() - startedAt) * 1_000);
  callEnds.publish({ method: path.slice(1), code, durationMicros, port } satisfies CallEnd);
}
