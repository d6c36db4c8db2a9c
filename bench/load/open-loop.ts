/** A load at a fixed pace, or as fast as it is answered, over any caller; and what of its latency was its own doing. */

import { readFileSync } from 'node:fs';
import type { GrpcStatus } from './grpc-status.ts';
import { type Pace, type Pacer, paceByThread } from './pace.ts';

/** Told once when a call has ended. `answer`: as much of it as the caller keeps; `status`: of a failure, where it is read. */
export type Answered = (isOk: boolean, answer: Buffer, status?: GrpcStatus) => void;

/** What makes calls. A request is prepared once and may be sent any number of times. */
export interface Caller<Request, Prepared = unknown> {
  prepare(request: Request): Prepared;
  call(prepared: Prepared, answered: Answered): void;
  close(): void;
}

export interface LoadResult {
  /** Milliseconds of each answered request, from the moment at which it was due. */
  readonly latencies: readonly number[];
  /** The same, from the moment at which it was sent: the server's part, and the wait for the answer to be read. */
  readonly sinceSent: readonly number[];
  /** How late each request was sent, in milliseconds: the load's own share of the latencies. */
  readonly lateness: readonly number[];
  readonly errors: number;
  /** Answers without any item. */
  readonly empty: number;
  readonly seconds: number;
  /** Of one core: what the load itself used, and what other programs took from it. */
  readonly cpuShare: number;
  readonly deniedShare: number;
}

/** One call to make: prepared, and whether an answer has anything in it. */
export interface Load {
  /** Calls with the next request. */
  next(answered: Answered): void;
  isEmpty(answer: Buffer): boolean;
}

/**
 * Sends each request at its moment, whether or not those before it are answered, and counts its latency from that moment
 * on: a server that stalls pays for every request that it kept waiting (no coordinated omission).
 */
export async function openLoop(load: Load, pace: Pace, pacer: Pacer = paceByThread): Promise<LoadResult> {
  const meter = new Meter(load);
  await pacer(pace, (dueAt) => meter.ask(dueAt));
  await meter.idle();
  return meter.result();
}

/** Keeps so many requests under way for so long. */
export async function closedLoop(
  load: Load,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<LoadResult> {
  const meter = new Meter(load);
  const endsAt = performance.now() + seconds * 1_000;
  const again = () => {
    if (performance.now() < endsAt) meter.ask(performance.now(), again);
  };
  for (let worker = 0; worker < concurrency; worker++) again();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  await meter.idle();
  return meter.result();
}

/** An answer that takes longer than this is none. */
const patienceMillis = 30_000;

class Meter {
  readonly #load: Load;
  readonly #latencies: number[] = [];
  readonly #sinceSent: number[] = [];
  readonly #lateness: number[] = [];
  readonly #startedAt = performance.now();
  readonly #cpuBefore = process.cpuUsage();
  readonly #deniedBefore = deniedSeconds();
  #errors = 0;
  #empty = 0;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  constructor(load: Load) {
    this.#load = load;
  }

  ask(dueAt: number, then?: () => void): void {
    const sentAt = performance.now();
    this.#lateness.push(sentAt - dueAt);
    this.#underWay += 1;
    this.#load.next((isOk, answer) => {
      const now = performance.now();
      this.#underWay -= 1;
      if (isOk) {
        this.#latencies.push(now - dueAt);
        this.#sinceSent.push(now - sentAt);
        if (this.#load.isEmpty(answer)) this.#empty += 1;
      } else {
        this.#errors += 1;
      }
      if (this.#underWay === 0) this.#onIdle?.();
      then?.();
    });
  }

  /** Resolves when all is answered. Rejects where that takes too long. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`${this.#underWay} requests were never answered`)), patienceMillis);
    this.#onIdle = resolve;
    await promise.finally(() => clearTimeout(timer));
  }

  result(): LoadResult {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    return {
      latencies: this.#latencies,
      sinceSent: this.#sinceSent,
      lateness: this.#lateness,
      errors: this.#errors,
      empty: this.#empty,
      seconds,
      cpuShare: (user + system) / 1e6 / seconds,
      deniedShare: (deniedSeconds() - this.#deniedBefore) / seconds,
    };
  }
}

/** So long this process's main thread was ready and another program had the core. */
function deniedSeconds(): number {
  const [, denied] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(denied) / 1e9;
}
