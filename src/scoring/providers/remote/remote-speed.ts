import { type Cost, CostModel, type Speed } from '../../batcher/cost-model.ts';

/** In how many milliseconds a slowness that was seen, and not seen again, is forgotten to 1/e. */
const forgettingMillis = 5_000;

interface Outstanding {
  readonly images: number;
  readonly begunMillis: number;
}

/**
 * How fast a server is: `time(n) = a·n + b` as it is usually, learned from what it answered, and how much slower it is just
 * now. The latter goes up at once and comes down with time, as in Finagle's "Peak EWMA" balancer: whoever fell behind gets
 * less at once, and is tried again before long. It also counts what is under way there, and for how long already.
 */
export class RemoteSpeed implements Speed {
  readonly #now: () => number;
  readonly #atBest: Cost;
  readonly #model: CostModel;
  readonly #outstanding = new Set<Outstanding>();
  #images = 0;
  #peak = 1;
  #peakMillis = 0;

  /** `atBest`: as it was measured while nothing else was asked of it. */
  constructor(now: () => number, atBest: Cost) {
    this.#now = now;
    this.#atBest = atBest;
    this.#model = new CostModel(atBest);
  }

  get cost(): Cost {
    return this.#model.cost;
  }

  /** Images that are under way there. */
  get outstandingImages(): number {
    return this.#images;
  }

  /**
   * What decides whether there is time enough: never more than it took at best. That a server was slow must not keep
   * everything from it for good; it says itself what it has no time for.
   */
  predict(images: number): number {
    const { perImageMillis, perBatchMillis } = this.#atBest;
    return Math.min(this.#model.predict(images), perImageMillis * images + perBatchMillis);
  }

  expect(images: number): number {
    const now = this.#now();
    let oldest = now;
    for (const { begunMillis } of this.#outstanding) oldest = Math.min(oldest, begunMillis);
    return Math.max(this.#model.predict(this.#images + images) * this.#slowness(now), now - oldest);
  }

  /** What an unhurried batch takes as things are usually; what others are measured by. */
  usual(images: number): number {
    return this.#model.predict(images);
  }

  /** A batch is on its way. The result ends it: answered, or given up, which says that it takes at least so long. */
  begin(images: number): (isAnswered: boolean) => void {
    const outstanding = { images, begunMillis: this.#now() };
    this.#outstanding.add(outstanding);
    this.#images += images;
    return (isAnswered) => {
      if (!this.#outstanding.delete(outstanding)) return;
      this.#images -= images;
      const millis = this.#now() - outstanding.begunMillis;
      if (isAnswered || millis > this.#model.predict(images)) this.observe(images, millis);
    };
  }

  observe(images: number, millis: number): void {
    const now = this.#now();
    const usual = this.#model.predict(images);
    const seen = usual > 0 ? millis / usual : 1;
    const remembered = this.#slowness(now);
    if (seen >= remembered) [this.#peak, this.#peakMillis] = [seen, now];
    // One outlier must not spoil what is usual; if it is no outlier, the next ones say so too.
    this.#model.observe(images, Math.min(millis, usual * outlier));
  }

  /** A batch failed there, whatever the time: others go first for a while. */
  stumble(): void {
    const now = this.#now();
    if (this.#slowness(now) < outlier) [this.#peak, this.#peakMillis] = [outlier, now];
  }

  #slowness(now: number): number {
    return 1 + (this.#peak - 1) * Math.exp((this.#peakMillis - now) / forgettingMillis);
  }
}

/** Times the usual. */
const outlier = 4;
