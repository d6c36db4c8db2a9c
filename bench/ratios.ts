/** How one program compares with another, from pairs of turns side by side; and how sure that is. */

export interface Estimate {
  readonly value: number;
  /** Standard error. */
  readonly error: number;
}

/** Of the differences at either end this share is left out: a collection, or a neighbour on the machine. */
const trimmedShare = 0.2;

/**
 * How much the second of each pair is of the first: the trimmed mean of the logarithms, whose error comes from the winsorized
 * variance (Tukey and McLaughlin, Sankhyā A 25, 1963). NaN where there are fewer than two pairs.
 */
export function ratioOf(pairs: readonly (readonly [number, number])[]): Estimate {
  const sorted = pairs.map(([first, second]) => Math.log(second / first)).sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * trimmedShare);
  const kept = sorted.slice(cut, sorted.length - cut);
  const winsorized = sorted.map((value) => Math.min(Math.max(value, kept[0]!), kept.at(-1)!));
  const deviation = Math.sqrt(varianceOf(winsorized));
  const value = Math.exp(meanOf(kept));
  return { value, error: (value * deviation) / ((1 - 2 * trimmedShare) * Math.sqrt(sorted.length)) };
}

/**
 * The mean of estimates of the same, weighted by their errors. Where they differ by more than these say, the error is by how
 * much they differ.
 */
export function weightedMeanOf(estimates: readonly Estimate[]): Estimate {
  const weights = estimates.map(({ error }) => 1 / error ** 2);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const value = estimates.reduce((total, estimate, index) => total + estimate.value * weights[index]!, 0) / sum;
  const distance = estimates.reduce((total, each, index) => total + weights[index]! * (each.value - value) ** 2, 0);
  const excess = estimates.length > 1 ? Math.max(1, distance / (estimates.length - 1)) : 1;
  return { value, error: Math.sqrt(excess / sum) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
