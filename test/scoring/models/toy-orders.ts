/** What the first value of an image tells `toy.worker.ts` to do. */
export const orders = {
  /** Dies. */
  exit: 250,
  /** Dies where there is a file with the name of the model's input, and takes it away. */
  exitOnce: 251,
  /** Never answers. */
  hang: 252,
  /** Fails, and goes on. */
  fail: 253,
} as const;
