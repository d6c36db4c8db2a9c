/** How long to wait after the first failure in a row, and at most. */
const firstMillis = 100;
const longestMillis = 5_000;

/** Doubles with each failure in a row, and differs by chance, so that not all come back at the same moment. */
export function backoffMillis(failures: number, chance: () => number = Math.random): number {
  const millis = Math.min(firstMillis * 2 ** Math.max(0, failures - 1), longestMillis);
  return millis * (0.5 + chance());
}
