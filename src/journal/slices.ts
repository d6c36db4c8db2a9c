const sliceMillis = 2;

/** Long work in slices: others get their turn in between, and a signal can end it there. */
export class Slices {
  readonly #signal: AbortSignal;
  #endsAt = performance.now() + sliceMillis;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** To be awaited often; gives way when the slice is over. Throws the signal's reason. */
  async giveWay(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() < this.#endsAt) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#endsAt = performance.now() + sliceMillis;
  }
}
