import { availableParallelism } from 'node:os';
import type { PalateError } from '../../errors.ts';
import { type Batched, Batcher, type BatchWorker, type Submission } from '../batcher/batcher.ts';
import { systemClock } from '../batcher/clock.ts';
import { type DecodedImage, type DecodeLimits, type DecodeTarget, decodeImage, defaultLimits } from './decode.ts';

export interface DecoderOptions {
  /**
   * How many images are decoded at a time, each on a thread of libuv's pool, which the journal's disk writes need too.
   * Default: one for each core, at most 2.
   */
  readonly parallel?: number;
  /** How many may wait. Default: 256. */
  readonly maxQueued?: number;
  readonly limits?: DecodeLimits;
}

interface DecodeJob {
  readonly bytes: Uint8Array;
  readonly target: DecodeTarget;
}

type DecodeOptions = Pick<Submission<DecodeJob>, 'deadlineMillis' | 'priority' | 'signal'>;

/** What decoding usually costs, until it is known. */
const guess = { perImageMillis: 5, perBatchMillis: 0 };

/** Decodes images, a few at a time: the most urgent first, as the batcher does, of which its queue is one. */
export class Decoder {
  readonly #batcher: Batcher<DecodeJob, DecodedImage | PalateError>;

  constructor({ parallel = Math.min(availableParallelism(), 2), maxQueued = 256, limits }: DecoderOptions = {}) {
    this.#batcher = new Batcher({ clock: systemClock, maxQueuedImages: maxQueued, mayRetry: () => false });
    for (let index = 0; index < parallel; index++) this.#batcher.add(seat(`decoder-${index}`, limits ?? defaultLimits));
  }

  /** Images that wait. */
  get queued(): number {
    return this.#batcher.queuedImages;
  }

  /**
   * Decodes one image, as `decodeImage` does, and tells how long it waited and took.
   * @throws PalateError UNREADABLE, TOO_LARGE; DEADLINE_EXCEEDED, OVERLOADED; also the signal's reason
   */
  async decode(bytes: Uint8Array, target: DecodeTarget, options: DecodeOptions): Promise<DecodedImage & DecodeTimes> {
    const { output, queueMicros, runMicros } = await this.#batcher.submit({ input: { bytes, target }, ...options });
    if (output instanceof Error) throw output;
    return { ...output, queueMicros, decodeMicros: runMicros };
  }

  /** Refuses what waits, and what comes. What is being decoded is answered. */
  close(error: PalateError): void {
    this.#batcher.close(error);
  }
}

export interface DecodeTimes {
  readonly queueMicros: Batched<unknown>['queueMicros'];
  readonly decodeMicros: number;
}

/** A bad image is an answer like any other. */
function seat(name: string, limits: DecodeLimits): BatchWorker<DecodeJob, DecodedImage | PalateError> {
  const one = ({ bytes, target }: DecodeJob) => decodeImage(bytes, target, limits).catch((error: PalateError) => error);
  return { name, maxImages: 1, cost: guess, run: (jobs) => Promise.all(jobs.map(one)) };
}
