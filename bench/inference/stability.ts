/** One stretch of a load. */
export interface Window {
  /** Of each answered request, in milliseconds. */
  readonly latencies: number[];
  readonly seconds: number;
}

/** So many windows in a row have to agree. */
export const steadyWindows = 3;

/**
 * Whether the last three windows agree, as perf_analyzer has it: throughput and mean latency of each lie within `share` of their
 * mean. Windows without any answer agree on nothing.
 */
export function isSteady(windows: readonly Window[], share: number): boolean {
  const last = windows.slice(-steadyWindows);
  if (last.length < steadyWindows || last.some(({ latencies }) => latencies.length === 0)) return false;
  const rates = last.map(({ latencies, seconds }) => latencies.length / seconds);
  const means = last.map(({ latencies }) => meanOf(latencies));
  return [rates, means].every((values) => values.every((value) => Math.abs(value / meanOf(values) - 1) <= share));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
