/**
 * Joins images of many callers into batches for the workers of one model. It never waits while a second worker is idle,
 * and with the last idle one only where that makes everybody's answer come sooner (see `wait.ts`); one that is idle because it
 * is slow is passed over where a faster one is soon free (`next-seat.ts`). The most important
 * and most urgent go first; what can no longer be done in time, and what its caller gave up, never reaches a worker.
 */

import { PalateError } from '../../errors.ts';
import { endFailed, type Span, traced } from '../../telemetry/tracing/tracer.ts';
import { Arrivals } from './arrivals.ts';
import { startBatchSpan } from './batch-span.ts';
import type { Clock } from './clock.ts';
import { type Cost, CostModel, type Speed } from './cost-model.ts';
import { JobQueue, type QueuedJob } from './job-queue.ts';
import { nextSeat, type SeatView } from './next-seat.ts';
import { RunningBatch, type RunOptions } from './running-batch.ts';
import { waitUntil } from './wait.ts';

/** Runs batches, one at a time. */
export interface BatchWorker<Input, Output> {
  readonly name: string;
  /** The largest batch it takes. */
  readonly maxImages: number;
  /** What is known of its speed before its first batch: from its warm-up, say. */
  readonly cost: Cost;
  /** What is known of its speed, where it learns that itself; workers may share it. Default: learned here, from its batches. */
  readonly speed?: Speed;
  /** Answers with one output for each input, in their order. */
  run(inputs: readonly Input[], options: RunOptions): Promise<readonly Output[]>;
}

export interface Submission<Input> {
  readonly input: Input;
  /** Default 1. They are run in one batch. */
  readonly images?: number;
  /** Milliseconds since 1970; Infinity: none. */
  readonly deadlineMillis: number;
  /** 0 goes first. Default: the middle one. */
  readonly priority?: number;
  /** Its abort takes the job out of the queue. One that runs goes on, unless nobody else waits for the batch: the worker is told. */
  readonly signal?: AbortSignal;
  /** Where it is recorded, its own. */
  readonly span?: Span | undefined;
}

/** An output, and how it came about. */
export interface Batched<Output> {
  readonly output: Output;
  /** Of the batch that it was in. */
  readonly batchImages: number;
  readonly queueMicros: number;
  readonly runMicros: number;
  readonly worker: string;
}

export interface BatcherOptions {
  readonly clock: Clock;
  /** How many images may wait. */
  readonly maxQueuedImages: number;
  /** How many priorities there are. Default 3. */
  readonly priorities?: number;
  /** Whether a batch that failed with this may be run once more, by another worker. */
  readonly mayRetry: (error: unknown) => boolean;
  /** Told of each batch that was answered, and how long it took. */
  readonly onRun?: (images: number, millis: number) => void;
}

interface Job<Input, Output> extends QueuedJob {
  readonly input: Input;
  readonly submittedMillis: number;
  readonly span: Span | undefined;
  readonly resolve: (batched: Batched<Output>) => void;
  readonly reject: (error: unknown) => void;
  mayRetry: boolean;
  batch: RunningBatch | undefined;
  /** The name of the worker that it failed with. */
  failedWith: string | undefined;
}

/** A worker in use, and what was learned of it. */
interface Seat<Input, Output> extends SeatView {
  readonly worker: BatchWorker<Input, Output>;
  readonly speed: Speed;
  running: SeatView['running'];
  idleSince: number;
}

export class Batcher<Input, Output> {
  readonly #options: BatcherOptions & { readonly priorities: number };
  readonly #queue: JobQueue<Job<Input, Output>>;
  readonly #arrivals = new Arrivals();
  #seats: readonly Seat<Input, Output>[] = [];
  #submitted = 0;
  /** How often a worker has become idle. */
  #rests = 0;
  #stopTimer: () => void = () => undefined;
  #closed: PalateError | undefined;
  #paused: (() => PalateError) | undefined;

  constructor(options: BatcherOptions) {
    this.#options = { priorities: 3, ...options };
    this.#queue = new JobQueue(this.#options.priorities, options.maxQueuedImages);
  }

  /** Images that wait. */
  get queuedImages(): number {
    return this.#queue.images;
  }

  /** What was learned of each worker, by its name. */
  costs(): ReadonlyMap<string, Cost> {
    return new Map(this.#seats.map(({ worker, speed }) => [worker.name, speed.cost]));
  }

  /** From now on the worker gets batches. */
  add(worker: BatchWorker<Input, Output>): void {
    const { maxImages, cost, speed = new CostModel(cost) } = worker;
    this.#seats = [...this.#seats, { worker, maxImages, speed, running: undefined, idleSince: this.#rests++ }];
    this.#schedule();
  }

  /**
   * The worker gets no more batches; one that has crashed is taken away before its batch fails. The batch that it runs is
   * answered. Without workers, jobs wait for the next one.
   */
  remove(worker: BatchWorker<Input, Output>): void {
    this.#seats = this.#seats.filter((seat) => seat.worker !== worker);
  }

  /**
   * Runs a job in some batch.
   * @throws PalateError DEADLINE_EXCEEDED as soon as it can't be done in time; OVERLOADED where the queue is full;
   * INVALID_REQUEST where it has more images than any worker takes; also the signal's reason, and what the worker failed
   * with.
   */
  submit(submission: Submission<Input>): Promise<Batched<Output>> {
    const [result] = this.submitAll([submission]);
    return result!;
  }

  /** As `submit`, for several: all are in the queue before the first is begun, so that they may be one batch. */
  submitAll(submissions: readonly Submission<Input>[]): readonly Promise<Batched<Output>>[] {
    this.#arrivals.observe(this.#options.clock.now());
    const results = submissions.map((submission) => this.#enqueue(submission));
    this.#schedule();
    return results;
  }

  async #enqueue(submission: Submission<Input>): Promise<Batched<Output>> {
    const { signal } = submission;
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#paused !== undefined) throw this.#paused();
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Batched<Output>>();
    const job = this.#jobOf(submission, resolve, reject);
    this.#makeRoomFor(job);
    this.#queue.add(job);
    if (signal === undefined) return promise;
    const giveUp = () => {
      this.#queue.remove(job);
      job.mayRetry = false;
      job.batch?.leave();
      reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  /** Refuses what waits, and what comes. Batches that run are answered. */
  close(error: PalateError): void {
    this.#closed = error;
    this.#stopTimer();
    for (const job of this.#queue.takeAll()) job.reject(error);
  }

  /** As `close`, until `resume`: no worker can be had for now. The error is made for each job. */
  pause(errorOf: () => PalateError): void {
    this.#paused = errorOf;
    for (const job of this.#queue.takeAll()) job.reject(errorOf());
  }

  resume(): void {
    this.#paused = undefined;
  }

  #jobOf(
    { input, images = 1, deadlineMillis, priority, span }: Submission<Input>,
    resolve: Job<Input, Output>['resolve'],
    reject: Job<Input, Output>['reject'],
  ): Job<Input, Output> {
    const { priorities, clock } = this.#options;
    return {
      input,
      images,
      deadlineMillis,
      priority: Math.min(priority ?? priorities >> 1, priorities - 1),
      order: this.#submitted++,
      place: -1,
      submittedMillis: clock.now(),
      span,
      resolve,
      reject,
      mayRetry: true,
      batch: undefined,
      failedWith: undefined,
    };
  }

  #makeRoomFor(job: Job<Input, Output>): void {
    const largest = Math.max(0, ...this.#seats.map(({ worker }) => worker.maxImages));
    if (this.#seats.length > 0 && job.images > largest) throw tooManyImages(job.images, largest);
    if (this.#isHopeless(job)) throw tooLate();
    if (this.#queue.hasRoomFor(job.images)) return;
    const lesser = this.#queue.lesserThan(job.priority, job.images);
    if (lesser === undefined) throw this.#overloaded();
    for (const other of lesser) {
      this.#queue.remove(other);
      other.reject(this.#overloaded());
    }
  }

  /** Starts what can be started, and sets the timer for the next moment at which there is something to decide. */
  #schedule(): void {
    this.#stopTimer();
    for (const job of this.#queue.takeHopeless(this.#options.clock.now(), this.#predict)) job.reject(tooLate());
    let waitsUntil = Number.POSITIVE_INFINITY;
    let seats = this.#seats;
    while (this.#queue.images > 0) {
      const choice = nextSeat(seats, this.#queue.images, this.#options.clock.now());
      if (choice === undefined) break;
      const until = 'seat' in choice ? this.#waitUntil(choice.seat) : choice.untilMillis;
      if (!('seat' in choice) || until > this.#options.clock.now()) {
        waitsUntil = until;
        break;
      }
      const { seat } = choice;
      const batch = this.#takeBatch(seat);
      if (batch.length > 0) void this.#run(seat, batch);
      // What waits is not for this one: it is too slow, or failed with it before.
      else seats = seats.filter((other) => other !== seat);
    }
    this.#setTimer(Math.min(waitsUntil, this.#queue.deadlineMillis - this.#predict(1)));
  }

  #setTimer(atMillis: number): void {
    if (atMillis === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    this.#stopTimer = clock.callAt(Math.max(atMillis, clock.now() + leastTimerMillis), () => this.#schedule());
  }

  #waitUntil({ maxImages, speed }: Seat<Input, Output>): number {
    const { images, deadlineMillis } = this.#queue;
    const isLastIdle = this.#idleSeats() === 1;
    if (!isLastIdle || images >= maxImages) return Number.NEGATIVE_INFINITY;
    const { lastMillis } = this.#arrivals;
    const gapMillis = this.#arrivals.gapMillis(this.#options.clock.now());
    return waitUntil({ images, cost: speed.cost, lastArrivalMillis: lastMillis, gapMillis, deadlineMillis });
  }

  #takeBatch({ worker: { name }, maxImages: most, speed }: Seat<Input, Output>): Job<Input, Output>[] {
    const predict = (images: number) => speed.predict(images);
    // What failed is for another worker, where there is one.
    const isOnly = this.#seats.every(({ worker }) => worker.name === name);
    const mayTake = ({ failedWith }: Job<Input, Output>) => isOnly || failedWith !== name;
    const take = (maxImages: number) => this.#queue.takeBatch(this.#options.clock.now(), maxImages, predict, mayTake);
    // What waits is shared among those that are idle: two workers answer four images sooner than one does.
    const share = Math.ceil(this.#queue.images / this.#idleSeats());
    const shared = take(Math.min(most, share));
    // A job of several images may be larger than the share.
    return shared.length > 0 || share >= most ? shared : take(most);
  }

  #idleSeats(): number {
    return this.#seats.filter(({ running }) => running === undefined).length;
  }

  async #run(seat: Seat<Input, Output>, batch: readonly Job<Input, Output>[]): Promise<void> {
    const { worker, speed } = seat;
    const { clock } = this.#options;
    const begun = clock.now();
    const batchImages = batch.reduce((sum, { images }) => sum + images, 0);
    const running = new RunningBatch(batch);
    for (const job of batch) job.batch = running;
    seat.running = { images: batchImages, begunMillis: begun };
    const span = startBatchSpan(batch, batchImages, worker.name);
    try {
      const inputs = batch.map(({ input }) => input);
      const outputs = await traced(span, 'inference', (inference) => {
        running.span = inference;
        return worker.run(inputs, running);
      });
      if (outputs.length !== batch.length) throw wrongCount(worker.name, outputs.length, batch.length);
      span?.end();
      const millis = clock.now() - begun;
      speed.observe(batchImages, millis);
      this.#options.onRun?.(batchImages, millis);
      for (const [index, job] of batch.entries()) {
        const queueMicros = Math.round((begun - job.submittedMillis) * 1e3);
        const runMicros = Math.round(millis * 1e3);
        job.resolve({ output: outputs[index]!, batchImages, queueMicros, runMicros, worker: worker.name });
      }
    } catch (error) {
      endFailed(span, error);
      this.#failed(batch, worker.name, error);
    } finally {
      seat.running = undefined;
      seat.idleSince = this.#rests++;
      this.#schedule();
    }
  }

  /** What may be run again goes back to the queue, once. */
  #failed(batch: readonly Job<Input, Output>[], worker: string, error: unknown): void {
    for (const job of batch) {
      job.failedWith = worker;
      job.batch = undefined;
      if (job.mayRetry && this.#paused === undefined && this.#closed === undefined && this.#options.mayRetry(error)) {
        job.mayRetry = false;
        this.#queue.add(job);
      } else {
        job.reject(error);
      }
    }
  }

  /** What the fastest worker would take; 0 where there is none yet. */
  readonly #predict = (images: number): number => {
    let least = Number.POSITIVE_INFINITY;
    for (const { speed } of this.#seats) least = Math.min(least, speed.predict(images));
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  };

  #isHopeless({ submittedMillis, images, deadlineMillis }: Job<Input, Output>): boolean {
    return submittedMillis + this.#predict(images) > deadlineMillis;
  }

  /** The queue is worked off in about the time that the error names. */
  #overloaded(): PalateError {
    const { images } = this.#queue;
    const retryAfterMillis = Math.ceil(this.#predict(images) / Math.max(1, this.#seats.length));
    return new PalateError('OVERLOADED', `${images} images wait to be scored, as many as may`, { retryAfterMillis });
  }
}

/** A timer that is due at once would find nothing new. */
const leastTimerMillis = 0.1;

function tooLate(): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', 'the image can no longer be scored before the deadline');
}

function tooManyImages(images: number, largest: number): PalateError {
  return new PalateError('INVALID_REQUEST', `${images} images in one request; the model takes at most ${largest}`);
}

function wrongCount(worker: string, outputs: number, inputs: number): PalateError {
  return new PalateError('INTERNAL', `worker ${worker} answered ${outputs} outputs to ${inputs} inputs`);
}
