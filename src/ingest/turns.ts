/** Shares the thread: work that comes in bursts is done in order, some milliseconds of it a turn of the event loop. */

/** One piece of work. True: there is more of it. */
export type Step = () => boolean;

interface Waiting {
  readonly step: Step;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** So long others may be kept waiting. */
const turnMillis = 2;
const done = Promise.resolve();

export class Turns {
  readonly #waiting: Waiting[] = [];
  /** Of this turn of the event loop, by `performance.now()`; undefined: nothing was done in it yet. */
  #endsAt: number | undefined;

  /**
   * Does a piece of work step by step, behind all that came before. It is done at once where the turn has time for it.
   * Rejects with what a step throws.
   */
  run(step: Step): Promise<void> {
    if (this.#waiting.length > 0) return this.#wait(step);
    this.#endsAt ??= this.#begin();
    try {
      return this.#work(step) ? done : this.#wait(step);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #begin(): number {
    setImmediate(() => this.#next());
    return performance.now() + turnMillis;
  }

  #next(): void {
    this.#endsAt = undefined;
    const first = this.#waiting[0];
    if (first === undefined) return;
    this.#endsAt = this.#begin();
    for (let next: Waiting | undefined = first; next !== undefined; next = this.#waiting[0]) {
      try {
        if (!this.#work(next.step)) return;
        next.resolve();
      } catch (error) {
        next.reject(error);
      }
      this.#waiting.shift();
    }
  }

  /** False: the turn is over before the work is. */
  #work(step: Step): boolean {
    while (performance.now() < this.#endsAt!) if (!step()) return true;
    return false;
  }

  #wait(step: Step): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ step, resolve, reject }));
  }
}
