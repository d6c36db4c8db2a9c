/** How much the newest gap counts for. */
const weight = 0.2;
/** Gaps below this, in milliseconds, count as this. */
const leastGap = 0.01;

/**
 * The usual time between two jobs: the geometric mean of the gaps, exponentially weighted. Images come in bursts; a pause
 * of a second between two of them must not hide that within one the next image is always close.
 */
export class Arrivals {
  #lastMillis = Number.NEGATIVE_INFINITY;
  #logGap = Number.POSITIVE_INFINITY;

  /** When the last job came; -Infinity before the first. */
  get lastMillis(): number {
    return this.#lastMillis;
  }

  observe(atMillis: number): void {
    const gap = Math.log(Math.max(atMillis - this.#lastMillis, leastGap));
    this.#lastMillis = atMillis;
    if (gap === Number.POSITIVE_INFINITY) return;
    this.#logGap = this.#logGap === Number.POSITIVE_INFINITY ? gap : this.#logGap + weight * (gap - this.#logGap);
  }

  /** Milliseconds; Infinity where nothing is known. A silence that lasts longer than usual is the new usual. */
  gapMillis(nowMillis: number): number {
    return Math.max(Math.exp(this.#logGap), nowMillis - this.#lastMillis);
  }
}
