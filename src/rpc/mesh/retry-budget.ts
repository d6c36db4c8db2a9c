/** How many tokens are there at most; at half of them no further attempt is made. */
const maxTokens = 100;
/** What a call that went well gives back. */
const tokenRatio = 0.1;

/**
 * Bounds second attempts to a tenth of the calls that go well, so that processes in trouble are not asked twice as much
 * (retry throttling, gRFC A6).
 */
export class RetryBudget {
  #tokens = maxTokens;
  #granted = 0;
  #denied = 0;

  /** Second attempts so far: those that were made, and those that were not for want of tokens. */
  get attempts(): { readonly granted: number; readonly denied: number } {
    return { granted: this.#granted, denied: this.#denied };
  }

  succeeded(): void {
    this.#tokens = Math.min(maxTokens, this.#tokens + tokenRatio);
  }

  /** Notes a failure. @returns whether another attempt may be made. */
  mayRetry(): boolean {
    this.#tokens = Math.max(0, this.#tokens - 1);
    const isGranted = this.#tokens > maxTokens / 2;
    if (isGranted) this.#granted += 1;
    else this.#denied += 1;
    return isGranted;
  }
}
