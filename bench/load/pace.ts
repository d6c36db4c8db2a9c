/** Who tells an open loop that a moment has come: the finer, the dearer. */

import { Worker } from 'node:worker_threads';

export interface Pace {
  readonly perSecond: number;
  readonly moments: number;
}

/** Calls back at each moment, with when it was due (as `performance.now()`); resolves after the last. */
export type Pacer = (pace: Pace, onMoment: (dueAt: number) => void) => Promise<void>;

/** By a thread that sleeps until each: some 0.1 ms late, for two wake-ups a moment. */
export async function paceByThread(pace: Pace, onMoment: (dueAt: number) => void): Promise<void> {
  const worker = new Worker(new URL('./pacer.worker.ts', import.meta.url), { workerData: pace });
  worker.on('message', (momentEpochMillis: number) => onMoment(momentEpochMillis - performance.timeOrigin));
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
}

/**
 * By the loop's own timers, which count in milliseconds: up to one late, for one wake-up a moment. It is for answers that
 * take long beside that, where the load must leave the machine to what it measures.
 */
export function paceByTimer({ perSecond, moments }: Pace, onMoment: (dueAt: number) => void): Promise<void> {
  const startedAt = performance.now();
  const dueAt = (moment: number) => startedAt + (moment / perSecond) * 1_000;
  return new Promise((resolve) => {
    let next = 0;
    const act = (): void => {
      while (next < moments && dueAt(next) <= performance.now()) onMoment(dueAt(next++));
      if (next === moments) resolve();
      else setTimeout(act, Math.ceil(dueAt(next) - performance.now()));
    };
    act();
  });
}
