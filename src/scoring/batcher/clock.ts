/** Time as the batcher sees it: the machine's, or that of a simulation. */
export interface Clock {
  /** Milliseconds since 1970, with fractions. Never goes back. */
  now(): number;
  /** Calls back once, when it is that late. Returns what calls it off. */
  callAt(atMillis: number, callback: () => void): () => void;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  callAt(atMillis, callback) {
    // A timer may fire up to a millisecond early.
    const timer = setTimeout(callback, Math.ceil(atMillis - systemClock.now()));
    return () => clearTimeout(timer);
  },
};
