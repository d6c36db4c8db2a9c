/** Work that is the same is done once, however many ask for it at the time (single flight). */

import { isPalateError, PalateError } from '../../errors.ts';
import type { Clock } from '../batcher/clock.ts';
import { type Caller, checkCaller, waitFor } from './caller.ts';

/** What the work is done for: all who wait for it. */
export interface Shared {
  /** Aborts when the last of them has given up: CANCELLED. */
  readonly signal: AbortSignal;
  /** The latest of their deadlines, milliseconds since 1970. It grows as others join: read it when it is needed. */
  readonly deadlineMillis: number;
}

export interface Joined<Result> {
  readonly result: Result;
  /** True: somebody else had begun the work. */
  readonly isShared: boolean;
}

interface Run<Result> extends Shared {
  deadlineMillis: number;
  callers: number;
  isSettled: boolean;
  result: Promise<Result>;
  readonly controller: AbortController;
}

export class SharedWork<Result> {
  readonly #clock: Clock;
  readonly #runs = new Map<string, Run<Result>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much different work is under way. */
  get size(): number {
    return this.#runs.size;
  }

  /** Whether the work under this key is under way. */
  has(key: string): boolean {
    return this.#runs.has(key);
  }

  /**
   * Joins the work under this key, or begins it. Each caller waits for as long as it likes: one that gives up takes nothing
   * from the others, the first one included. Work that found the time too short while somebody with more time joined is done
   * once more, with that time.
   * @throws PalateError DEADLINE_EXCEEDED at the caller's own deadline; also the reason of the caller's own signal, and
   * what the work fails with.
   */
  async join(key: string, caller: Caller, work: (shared: Shared) => Promise<Result>): Promise<Joined<Result>> {
    checkCaller(caller, this.#clock);
    const known = this.#runs.get(key);
    const run = known ?? this.#begin(key, caller.deadlineMillis, work);
    run.callers += 1;
    run.deadlineMillis = Math.max(run.deadlineMillis, caller.deadlineMillis);
    try {
      return { result: await waitFor(run.result, caller, this.#clock), isShared: known !== undefined };
    } finally {
      run.callers -= 1;
      if (run.callers === 0 && !run.isSettled) this.#abandon(key, run);
    }
  }

  #begin(key: string, deadlineMillis: number, work: (shared: Shared) => Promise<Result>): Run<Result> {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Result>();
    const { signal } = controller;
    const run: Run<Result> = { deadlineMillis, callers: 0, isSettled: false, result: promise, controller, signal };
    this.#runs.set(key, run);
    resolve(this.#perform(key, run, work));
    return run;
  }

  async #perform(key: string, run: Run<Result>, work: (shared: Shared) => Promise<Result>): Promise<Result> {
    try {
      for (;;) {
        const { deadlineMillis } = run;
        try {
          return await work(run);
        } catch (error) {
          const hasMoreTime = run.deadlineMillis > deadlineMillis && !run.signal.aborted;
          if (!hasMoreTime || !isTooLate(error)) throw error;
        }
      }
    } finally {
      run.isSettled = true;
      this.#forget(key, run);
    }
  }

  /** Who comes now begins anew. */
  #abandon(key: string, run: Run<Result>): void {
    this.#forget(key, run);
    run.controller.abort(new PalateError('CANCELLED', 'nobody waits for this photo any more'));
  }

  #forget(key: string, run: Run<Result>): void {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }
}

function isTooLate(error: unknown): boolean {
  return isPalateError(error) && error.reason === 'DEADLINE_EXCEEDED';
}
