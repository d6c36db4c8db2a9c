/** What a model was asked and how long it took, as the Open Inference Protocol's clients read it. */

/** How often something happened, and how long it took in all. */
export interface Tally {
  count: number;
  micros: number;
}

/** Where the time of one request went, in microseconds. Of a request of several images: until the last one. */
export interface RequestTimes {
  readonly totalMicros: number;
  readonly queueMicros: number;
  /** Making the images' pixels. */
  readonly inputMicros: number;
  readonly inferMicros: number;
  readonly outputMicros: number;
}

/** Counters since the model was loaded. */
export class ModelStatistics {
  readonly success: Tally = nothing();
  readonly fail: Tally = nothing();
  readonly queue: Tally = nothing();
  readonly input: Tally = nothing();
  readonly infer: Tally = nothing();
  readonly output: Tally = nothing();
  /** Batches that were run, by how many images were in them. */
  readonly batches = new Map<number, Tally>();
  /** Images that were answered. */
  images = 0;
  /** Milliseconds since 1970; 0: none yet. */
  lastRequestMillis = 0;

  /** A batch was run. */
  ran(images: number, millis: number): void {
    const tally = this.batches.get(images) ?? nothing();
    this.batches.set(images, tally);
    add(tally, millis * 1e3);
  }

  /** A request of so many images was answered. */
  succeeded(images: number, times: RequestTimes): void {
    this.lastRequestMillis = Date.now();
    this.images += images;
    add(this.success, times.totalMicros);
    add(this.queue, times.queueMicros);
    add(this.input, times.inputMicros);
    add(this.infer, times.inferMicros);
    add(this.output, times.outputMicros);
  }

  /** A request was refused or failed after so long. */
  failed(micros: number): void {
    this.lastRequestMillis = Date.now();
    add(this.fail, micros);
  }
}

function nothing(): Tally {
  return { count: 0, micros: 0 };
}

function add(tally: Tally, micros: number): void {
  tally.count += 1;
  tally.micros += micros;
}
