import { PalateError } from '../errors.ts';

interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** More calls than this do not wait at once. */
const maxWaiters = 10_000;
/** The answer must be there before the caller's own clock ends the call. */
const leadMillis = 20;
/** No wait is longer, whatever its deadline. */
const longestWaitMillis = 60_000;

/** Those who wait until a sequence is reached. */
export class SequenceWaiters {
  readonly #waiting = new Set<Waiter>();

  /**
   * Resolves when `resolveUpTo` gets to `sequence`. Rejects with STATE_BEHIND shortly before `deadlineMillis` (since the epoch),
   * with the signal's reason when it aborts, with OVERLOADED where too many wait.
   */
  wait(
    sequence: number,
    current: () => number,
    signal: AbortSignal | undefined,
    deadlineMillis = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.size >= maxWaiters) {
      return Promise.reject(new PalateError('OVERLOADED', 'too many calls wait for the state to catch up'));
    }
    return new Promise((resolve, reject) => {
      const leftMillis = Math.max(0, deadlineMillis - Date.now());
      const waitMillis = Math.min(longestWaitMillis, leftMillis - Math.min(leadMillis, leftMillis / 5));
      const timer = setTimeout(() => waiter.reject(behind(sequence, current())), waitMillis);
      const onAbort = () => waiter.reject(signal?.reason);
      const settle = (action: () => void) => {
        if (!this.#waiting.delete(waiter)) return;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        action();
      };
      const waiter: Waiter = {
        sequence,
        resolve: () => settle(resolve),
        reject: (reason) => settle(() => reject(reason)),
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort);
    });
  }

  resolveUpTo(sequence: number): void {
    for (const waiter of this.#waiting) if (waiter.sequence <= sequence) waiter.resolve();
  }

  rejectAll(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(reason);
  }
}

function behind(wanted: number, reached: number): PalateError {
  return new PalateError('STATE_BEHIND', `the state is at sequence ${reached}, and did not reach ${wanted} in time`, {
    metadata: { sequence: String(reached), min_sequence: String(wanted) },
    retryAfterMillis: 100,
  });
}
