export interface Backoff {
  readonly firstMillis: number;
  readonly longestMillis: number;
}

/**
 * How long to wait before the next attempt: twice as long after each, up to the longest, less up to half of it by chance, so
 * that all who call a server that comes back do not call at once.
 *
 * @param failures how many attempts in a row failed; the first wait is for 1, and for 0
 */
export function waitMillis({ firstMillis, longestMillis }: Backoff, failures: number, random = Math.random): number {
  const most = Math.min(longestMillis, firstMillis * 2 ** Math.max(0, failures - 1));
  return most * (1 - random() / 2);
}
