/** How `palate` ends, for scripts. */
import type { PalateError, Reason } from '../errors.ts';

export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** In the order of the help. */
export const exitCodeMeanings: readonly (readonly [number, string])[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'failed; the message says why'],
  [exitCodes.usage, 'wrong usage or configuration'],
  [exitCodes.unreachable, 'the server could not be reached'],
];

const byReason: Partial<Record<Reason, number>> = {
  USAGE: exitCodes.usage,
  CONFIG_INVALID: exitCodes.usage,
  UNREACHABLE: exitCodes.unreachable,
};

export function exitCodeOf(error: PalateError): number {
  return byReason[error.reason] ?? exitCodes.failed;
}
