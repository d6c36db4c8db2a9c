import { DeadlineHeap, type HeapEntry } from './deadline-heap.ts';

/** A job as the queue sees it. */
export interface QueuedJob extends HeapEntry {
  readonly images: number;
  /** 0 goes first. */
  readonly priority: number;
}

/** Milliseconds that so many images take. */
export type Prediction = (images: number) => number;

/**
 * Jobs that wait: by priority, and within one by deadline. Bounded in images, since a job may have many: whoever counts
 * jobs is flooded by those that carry a hundred images each.
 */
export class JobQueue<Job extends QueuedJob> {
  readonly #levels: readonly DeadlineHeap<Job>[];
  readonly #maxImages: number;
  #images = 0;

  /** `priorities`: how many there are. */
  constructor(priorities: number, maxImages: number) {
    this.#levels = Array.from({ length: priorities }, () => new DeadlineHeap<Job>());
    this.#maxImages = maxImages;
  }

  get images(): number {
    return this.#images;
  }

  hasRoomFor(images: number): boolean {
    return this.#images + images <= this.#maxImages;
  }

  add(job: Job): void {
    this.#levels[job.priority]!.add(job);
    this.#images += job.images;
  }

  /** Does nothing where the job is not in the queue. */
  remove(job: Job): void {
    if (job.place === -1) return;
    this.#levels[job.priority]!.remove(job);
    this.#images -= job.images;
  }

  /** The earliest deadline of all; Infinity in an empty queue. */
  get deadlineMillis(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { first } of this.#levels) if (first !== undefined) earliest = Math.min(earliest, first.deadlineMillis);
    return earliest;
  }

  /**
   * Those of lesser priority that have to give way so that so many images find room: the least important first, of
   * these the ones with the most time left. Undefined: all of them together are too few.
   */
  lesserThan(priority: number, images: number): readonly Job[] | undefined {
    let missing = this.#images + images - this.#maxImages;
    const lesser: Job[] = [];
    for (let level = this.#levels.length - 1; level > priority && missing > 0; level--) {
      const byTimeLeft = this.#levels[level]!.entries.toSorted((a, b) => b.deadlineMillis - a.deadlineMillis);
      for (const job of byTimeLeft) {
        if (missing <= 0) break;
        lesser.push(job);
        missing -= job.images;
      }
    }
    return missing > 0 ? undefined : lesser;
  }

  /** Takes out those whose deadline passes before they could be done, were they begun at once. */
  takeHopeless(nowMillis: number, predict: Prediction): Job[] {
    const hopeless: Job[] = [];
    for (const level of this.#levels) {
      for (let { first } = level; first !== undefined; { first } = level) {
        if (nowMillis + predict(first.images) <= first.deadlineMillis) break;
        this.remove(first);
        hopeless.push(first);
      }
    }
    return hopeless;
  }

  /**
   * Takes the next batch out: the most important and most urgent jobs, as many as fit, and no more than let each of
   * them be done in time. Those that this worker is too slow for, or may not take, stay; empty where that is all there is.
   */
  takeBatch(nowMillis: number, maxImages: number, predict: Prediction, mayTake: (job: Job) => boolean = anyone): Job[] {
    const left: Job[] = [];
    const batch: Job[] = [];
    let images = 0;
    let deadline = Number.POSITIVE_INFINITY;
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const total = images + next.images;
      const earliest = Math.min(deadline, next.deadlineMillis);
      const isFree = mayTake(next);
      const fits = isFree && total <= maxImages && nowMillis + predict(total) <= earliest;
      if (isFree && !fits && batch.length > 0) break;
      this.remove(next);
      (fits ? batch : left).push(next);
      if (!fits) continue;
      images = total;
      deadline = earliest;
    }
    for (const job of left) this.add(job);
    return batch;
  }

  #first(): Job | undefined {
    for (const { first } of this.#levels) if (first !== undefined) return first;
    return undefined;
  }

  /** Empties it. */
  takeAll(): Job[] {
    const all = this.#levels.flatMap(({ entries }) => [...entries]);
    for (const job of all) this.remove(job);
    return all;
  }
}

const anyone = () => true;
