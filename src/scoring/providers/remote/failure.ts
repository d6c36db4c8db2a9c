import { PalateError } from '../../../errors.ts';

/**
 * What a failed batch says of the server:
 * - `lost`: nobody answers there any more; what else is under way there is lost too.
 * - `leaving`: it takes no more batches, or not of this model. What is under way may still be answered.
 * - `busy`: it has no room just now.
 * - `late`: it ran out of time, or sees that it would.
 * - `faulty`: something went wrong with this batch.
 */
export type Verdict = 'lost' | 'leaving' | 'busy' | 'late' | 'faulty';

/** Judges a failure that was not ours. */
export function verdictOf({ reason, code, message }: PalateError): Verdict {
  if (code === 'RESOURCE_EXHAUSTED') return /larger than/.test(message) ? 'faulty' : 'busy';
  // Triton's words for a full queue, which it calls UNAVAILABLE.
  if (/exceeds maximum queue size/i.test(message)) return 'busy';
  if (reason === 'UNREACHABLE') return 'lost';
  if (reason === 'WORKER_LOST') return 'faulty';
  if (code === 'DEADLINE_EXCEEDED') return 'late';
  return leaving.has(code) ? 'leaving' : 'faulty';
}

/** What the image cannot be blamed for: it is as the model takes it. */
const leaving: ReadonlySet<PalateError['code']> = new Set([
  'UNAVAILABLE',
  'NOT_FOUND',
  'INVALID_ARGUMENT',
  'FAILED_PRECONDITION',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'UNIMPLEMENTED',
]);

/** How long a server that has no room is left alone. */
const leastPauseMillis = 20;
const longestPauseMillis = 1_000;

export function pauseMillis({ retryAfterMillis = 100 }: PalateError): number {
  return Math.min(Math.max(retryAfterMillis, leastPauseMillis), longestPauseMillis);
}

/** The failure as the batcher and the caller see it. All of them may be tried again: to infer changes nothing. */
export function failureOf(verdict: Verdict, who: string, error: PalateError): PalateError {
  const message = `${who}: ${error.message}`;
  if (verdict === 'busy')
    return new PalateError('OVERLOADED', message, { cause: error, retryAfterMillis: pauseMillis(error) });
  if (verdict === 'late') return new PalateError('DEADLINE_EXCEEDED', message, { cause: error });
  return new PalateError(verdict === 'faulty' ? 'WORKER_LOST' : 'UNREACHABLE', message, { cause: error });
}
