import type { Clock } from '../../../src/scoring/batcher/clock.ts';

interface Timer {
  readonly atMillis: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that passes when the test says so: each thing happens at its moment, in order, and nothing takes time itself. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];
  #set = 0;

  now(): number {
    return this.#now;
  }

  callAt(atMillis: number, callback: () => void): () => void {
    const timer = { atMillis: Math.max(atMillis, this.#now), order: this.#set++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Resolves at that time. */
  async until(atMillis: number): Promise<void> {
    return new Promise((resolve) => this.callAt(atMillis, resolve));
  }

  /** Lets time pass until that moment. */
  async run(untilMillis: number): Promise<void> {
    for (;;) {
      await settled();
      const next = this.#timers.reduce<Timer | undefined>((first, timer) => earlier(first, timer), undefined);
      if (next === undefined || next.atMillis > untilMillis) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.atMillis;
      next.callback();
    }
    this.#now = untilMillis;
  }
}

function earlier(first: Timer | undefined, timer: Timer): Timer {
  if (first === undefined) return timer;
  const difference = timer.atMillis - first.atMillis || timer.order - first.order;
  return difference < 0 ? timer : first;
}

/** When all that follows from what was resolved has run. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
