/**
 * The lane to a model, or to a pipeline of them: so many photos at a time are decoded and inferred. The others wait before it, where they take the
 * least memory and have cost nothing yet: one that can no longer be scored in time is let go before it is decoded, not
 * after. One that could not be done in time, by the line before it, is refused as it comes.
 */

import { PalateError } from '../../errors.ts';
import { Batcher, type BatchWorker } from '../batcher/batcher.ts';
import type { Clock } from '../batcher/clock.ts';
import { CostModel } from '../batcher/cost-model.ts';
import type { ModelChain } from '../models/model-chain.ts';
import type { Shared } from './join.ts';

export interface LaneOptions {
  readonly clock: Clock;
  /** Photos under way at a time. */
  readonly width: number;
  /** How many may wait. */
  readonly maxQueued: number;
  /** Counts those that wait, of all lanes that share it. */
  readonly waiting?: { photos: number } | undefined;
}

type Work<Result> = () => Promise<Result>;

export interface Passed<Result> {
  readonly result: Result;
  /** Before the lane. */
  readonly queueMicros: number;
}

/** What a photo usually takes, until it is known. */
const guess = { perImageMillis: 20, perBatchMillis: 0 };
/** What a newer photo counts for in what one usually takes. */
const weight = 0.05;
/** It may take longer than usual: by so much, a photo is refused rather than scored too late. */
const caution = 1.5;

export class Lane<Result> {
  readonly #options: LaneOptions;
  readonly #batcher: Batcher<Work<Result>, Result>;
  /** The places are alike: what one learns holds for all. */
  readonly #speed = new CostModel(guess);
  #usualMillis = guess.perImageMillis;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { clock, width, maxQueued } = options;
    this.#batcher = new Batcher({ clock, maxQueuedImages: maxQueued, mayRetry: () => false });
    for (let index = 0; index < width; index++) this.#batcher.add(this.#place(`lane-${index}`));
  }

  /**
   * Does the work when there is room, the most urgent first.
   * @throws PalateError OVERLOADED, DEADLINE_EXCEEDED; also the signal's reason, and what the work fails with.
   */
  async pass(work: Work<Result>, { deadlineMillis, signal }: Shared): Promise<Passed<Result>> {
    this.refuseLate(deadlineMillis);
    const { waiting = { photos: 0 } } = this.#options;
    let isWaiting = true;
    const endWait = () => {
      if (isWaiting) waiting.photos -= 1;
      isWaiting = false;
    };
    const input = () => {
      endWait();
      return work();
    };
    waiting.photos += 1;
    try {
      const { output, queueMicros } = await this.#batcher.submit({ input, deadlineMillis, signal });
      return { result: output, queueMicros };
    } finally {
      endWait();
    }
  }

  /**
   * To be asked before anything else is done for a photo, where `pass` would refuse it.
   * @throws PalateError OVERLOADED: by the line before it, it could not be done in time
   */
  refuseLate(deadlineMillis: number): void {
    const { clock, width } = this.#options;
    const { queuedImages } = this.#batcher;
    if (queuedImages === 0) return;
    const waitMillis = ((queuedImages + 1) / width) * this.#usualMillis;
    if (clock.now() + (waitMillis + this.#usualMillis) * caution <= deadlineMillis) return;
    throw new PalateError('OVERLOADED', `${queuedImages} photos wait to be scored, too many for this one’s deadline`, {
      retryAfterMillis: Math.ceil(waitMillis),
    });
  }

  #place(name: string): BatchWorker<Work<Result>, Result> {
    const run = async ([work]: readonly Work<Result>[]): Promise<readonly Result[]> => {
      const { clock } = this.#options;
      const begun = clock.now();
      const result = await work!();
      this.#usualMillis += (clock.now() - begun - this.#usualMillis) * weight;
      return [result];
    };
    return { name, maxImages: 1, cost: guess, speed: this.#speed, run };
  }
}

/** While a batch runs in each instance, the next one is decoded for it. */
const batchesEach = 2;

/** Of each chain of models its lane. */
export class Lanes<Result> {
  readonly #options: Omit<LaneOptions, 'width'>;
  readonly #lanes = new WeakMap<ModelChain, Lane<Result>>();

  constructor(options: Omit<LaneOptions, 'width'>) {
    this.#options = options;
  }

  of(chain: ModelChain): Lane<Result> {
    const known = this.#lanes.get(chain);
    if (known !== undefined) return known;
    const widths = chain.links.map(({ model }) => batchesEach * model.instances.length * model.maxBatchImages);
    const lane = new Lane<Result>({ ...this.#options, width: Math.max(...widths) });
    this.#lanes.set(chain, lane);
    return lane;
  }
}
