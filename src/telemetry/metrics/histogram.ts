import type { Distribution } from './metric.ts';

/** Of answers, in seconds: the bounds of the semantic conventions, and finer ones below 5 ms, where most of ours lie. */
export const secondsBounds = [
  0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Of how many there are in a batch. */
export const sizeBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Counts by size, in one typed array: to observe makes no object. Counts never go back. */
export class Histogram implements Distribution {
  readonly bounds: Float64Array;
  /** One more than bounds. */
  readonly counts: Float64Array;
  readonly #sum = new Float64Array(1);

  /** `bounds` rise. */
  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum[0]!;
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.counts[at]! += 1;
    this.#sum[0]! += value;
  }
}
