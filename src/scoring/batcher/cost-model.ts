/** How long a batch of n images takes, in milliseconds: `perImage · n + perBatch`. Neither is below 0. */
export interface Cost {
  readonly perImageMillis: number;
  readonly perBatchMillis: number;
}

/** How fast a worker is, as far as it is known. */
export interface Speed {
  readonly cost: Cost;
  /** Milliseconds that a batch of so many images is likely to take. */
  predict(images: number): number;
  /** As `predict`, for one that is begun now: what holds the worker up at the moment counts. It chooses between workers. */
  expect(images: number): number;
  /** A batch of so many images took so long. */
  observe(images: number, millis: number): void;
}

/** What an older observation counts for after each newer one: a worker's speed of some hundred batches ago is forgotten. */
const memory = 0.98;
/** How much the sizes of batches must differ, in images squared, before their slope is worth more than the guess's. */
const guessSpread = 0.5;

/**
 * Learns the cost of batches from those that ran: ridge regression over (images, milliseconds) with exponential forgetting,
 * towards the guess. Where all batches have been of one size, their level is learned, and the guess keeps its shape.
 */
export class CostModel implements Speed {
  readonly #guess: Cost;
  #cost: Cost;
  #weight = 0;
  #meanImages = 0;
  #meanMillis = 0;
  /** Weighted sums of squares about the means (Welford's way, which does not cancel). */
  #imagesSquared = 0;
  #imagesByMillis = 0;

  constructor(guess: Cost) {
    this.#guess = guess;
    this.#cost = guess;
  }

  get cost(): Cost {
    return this.#cost;
  }

  predict(images: number): number {
    return costOf(this.#cost, images);
  }

  expect(images: number): number {
    return this.predict(images);
  }

  observe(images: number, millis: number): void {
    this.#weight *= memory;
    this.#imagesSquared *= memory;
    this.#imagesByMillis *= memory;
    this.#weight += 1;
    const difference = images - this.#meanImages;
    this.#meanImages += difference / this.#weight;
    this.#meanMillis += (millis - this.#meanMillis) / this.#weight;
    this.#imagesSquared += difference * (images - this.#meanImages);
    this.#imagesByMillis += difference * (millis - this.#meanMillis);
    this.#cost = this.#fit();
  }

  #fit(): Cost {
    const sum = this.#imagesByMillis + guessSpread * this.#guessedSlope();
    const slope = sum / (this.#imagesSquared + guessSpread);
    const level = this.#meanMillis - slope * this.#meanImages;
    if (slope < 0) return { perImageMillis: 0, perBatchMillis: this.#meanMillis };
    if (level < 0) return { perImageMillis: this.#meanMillis / this.#meanImages, perBatchMillis: 0 };
    return { perImageMillis: slope, perBatchMillis: level };
  }

  /** The guess's, made as slow or fast as the worker turned out to be. */
  #guessedSlope(): number {
    const expected = costOf(this.#guess, this.#meanImages);
    if (expected === 0) return this.#meanMillis / this.#meanImages;
    return (this.#guess.perImageMillis * this.#meanMillis) / expected;
  }
}

function costOf({ perImageMillis, perBatchMillis }: Cost, images: number): number {
  return perImageMillis * images + perBatchMillis;
}
