/** How many ratios of what batches took to what was usual are kept. */
const kept = 256;
/** Before so many are known, a batch is late when it takes so many times as long as is usual. */
const needed = 20;
const atFirst = 4;
/** What is late among those that are as usual. */
const quantile = 0.95;
/** How many second attempts may be saved up, and how many of them are kept for batches that are very late. */
const burst = 16;
const reserve = 8;
/** Sooner than this a second attempt is not worth its while; and where nothing is known, it is after this. */
const leastMillis = 2;
const longestMillis = 60_000;

/**
 * When a batch is sent a second time, to another server, since the first takes unusually long: after the 95th percentile of what
 * batches took beside what is usual for their size; and only a small share of all (Dean and Barroso, "The Tail at Scale",
 * CACM 2013).
 */
export class Hedging {
  readonly #share: number;
  readonly #ratios: number[] = [];
  #next = 0;
  #late = atFirst;
  #tokens: number;

  /** `share`: of all batches; 0: none is sent twice. */
  constructor(share: number) {
    this.#share = share;
    this.#tokens = share > 0 ? burst : 0;
  }

  /** A batch is sent for the first time. */
  earn(): void {
    this.#tokens = Math.min(burst, this.#tokens + this.#share);
  }

  /** Takes the right to send one a second time, if there is one left. `isVeryLate`: its server may have stopped. */
  spend(isVeryLate: boolean): boolean {
    if (this.#tokens < (isVeryLate ? 1 : reserve + 1)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** After how many milliseconds a batch is late. `usual`: of one of its size, at the fastest server. */
  delayMillis(usual: number): number {
    return Math.min(Math.max(leastMillis, usual * this.#late), longestMillis);
  }

  /** A batch was answered, by whichever server. */
  observe(millis: number, usual: number): void {
    if (!(usual > 0 && usual < Number.POSITIVE_INFINITY)) return;
    this.#ratios[this.#next % kept] = millis / usual;
    this.#next++;
    if (this.#ratios.length < needed || this.#next % needed !== 0) return;
    const sorted = this.#ratios.toSorted((one, other) => one - other);
    this.#late = sorted[Math.floor(sorted.length * quantile)] ?? atFirst;
  }
}
