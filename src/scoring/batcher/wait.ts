import type { Cost } from './cost-model.ts';

/** What decides whether an idle worker should start with what there is, or wait for one more image. */
export interface Prospect {
  /** Images that are there. */
  readonly images: number;
  readonly cost: Cost;
  /** When the last job came. */
  readonly lastArrivalMillis: number;
  /** The usual time from one job to the next. */
  readonly gapMillis: number;
  /** The earliest deadline of those that are there. */
  readonly deadlineMillis: number;
}

/**
 * Until when to wait for one more image; a time that has passed: start now.
 *
 * Let n images be there, a batch take `a·n + b`, and the next image come after g. Started at once, the n are done after
 * `a·n + b`, and the next one, which has to wait for the worker, `a·(n+1) + 2b − g` after it came. Started when it has
 * come, the n take `g + a·(n+1) + b` and it `a·(n+1) + b`. The sum of all latencies is smaller by waiting where
 * `g < (b − a·n) / (n + 1)`. So on a worker whose batches cost nothing but their images (a CPU: b ≈ 0) it never waits.
 */
export function waitUntil({ images, cost, lastArrivalMillis, gapMillis, deadlineMillis }: Prospect): number {
  const { perImageMillis, perBatchMillis } = cost;
  const longest = (perBatchMillis - perImageMillis * images) / (images + 1);
  if (!(gapMillis < longest)) return Number.NEGATIVE_INFINITY;
  const latestStart = deadlineMillis - (perImageMillis * (images + 1) + perBatchMillis);
  return Math.min(lastArrivalMillis + longest, latestStart);
}
