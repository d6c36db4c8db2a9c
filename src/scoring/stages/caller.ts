import { PalateError } from '../../errors.ts';
import type { Clock } from '../batcher/clock.ts';

/** Who waits for an answer, and how long. */
export interface Caller {
  /** Its abort means that the caller wants no answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970; Infinity: none. */
  readonly deadlineMillis: number;
}

/** The longest that a timer of Node waits, 24 days; a later deadline is none. */
const longestTimer = 2 ** 31 - 1;

/**
 * Waits for a result that may be others' too, for as long as the caller does. What makes the result goes on.
 * @throws PalateError DEADLINE_EXCEEDED at the caller's deadline; also the signal's reason, and what the result fails with.
 */
export function waitFor<Result>(
  result: Promise<Result>,
  { signal, deadlineMillis }: Caller,
  clock: Clock,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => settle(() => reject(signal?.reason));
    const isTimed = deadlineMillis - clock.now() <= longestTimer;
    const callOff = isTimed ? clock.callAt(deadlineMillis, () => settle(() => reject(tooLate()))) : () => undefined;
    const settle = (how: () => void) => {
      callOff();
      signal?.removeEventListener('abort', giveUp);
      how();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    result.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal?.aborted) giveUp();
  });
}

/** @throws PalateError DEADLINE_EXCEEDED where there is no time left; also the signal's reason. */
export function checkCaller({ signal, deadlineMillis }: Caller, clock: Clock): void {
  signal?.throwIfAborted();
  if (deadlineMillis <= clock.now()) throw tooLate();
}

function tooLate(): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', 'the photo was not scored before the deadline');
}
