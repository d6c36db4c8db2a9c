/** What the bench and the server that it traces say to one another. */

/** How a server is traced: not, so many of its calls, all of them. */
export const ways = ['off', '1 %', 'all'] as const;

export type Way = (typeof ways)[number];

export type Order =
  /** Opens what records, of each way. */
  | { readonly kind: 'open' }
  /** From now on it is traced in this way; the answer is what it has cost so far. */
  | { readonly kind: 'trace'; readonly way: Way }
  /** Exports what was recorded in this way; the answer is what that cost. */
  | { readonly kind: 'flush'; readonly way: Way };

/** CPU time of a server, user and system, in microseconds. */
export interface Cost {
  /** Of the thread that serves. */
  readonly thread: number;
  /** Of all threads. */
  readonly process: number;
}
