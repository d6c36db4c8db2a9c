import { Histogram } from './histogram.ts';

/**
 * To wake an idle process costs it 0.1 ms, so it is not done often. A tick is due at any moment of whatever else goes on, so what
 * it has to wait is a fair sample, also of stops that are shorter than this.
 */
const intervalMillis = 100;
/** A longer stop counts as one of this length. */
const longestMillis = 60_000;

/** In seconds. */
const delayBounds = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * How late the event loop is. A timer sees one stop as one late tick, however long it was; the ticks that the stop swallowed
 * are counted as well, each as late as it would have been (Tene's correction for coordinated omission). So the counts
 * say what something that happens at any moment has to wait for.
 */
export class EventLoopDelay {
  readonly seconds = new Histogram(delayBounds);
  #timer: NodeJS.Timeout | undefined;
  #expectedAt = 0;

  start(): void {
    this.#expectedAt = performance.now() + intervalMillis;
    this.#timer = setInterval(() => this.#tick(), intervalMillis).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    this.late(now - this.#expectedAt);
    this.#expectedAt = now + intervalMillis;
  }

  /** A tick was so much late. */
  late(millis: number): void {
    let delay = Math.min(Math.max(0, millis), longestMillis);
    do {
      this.seconds.observe(delay / 1_000);
      delay -= intervalMillis;
    } while (delay > 0);
  }
}
