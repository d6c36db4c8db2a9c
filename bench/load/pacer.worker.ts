/**
 * A worker that tells the time to act, finer than a timer of the event loop can: it sleeps until each next moment and
 * posts its number. `workerData`: moments a second, and how many.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { Pace } from './pace.ts';

const { perSecond, moments } = workerData as Pace;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));
const startedAt = performance.now();

for (let moment = 0; moment < moments; moment++) {
  const waitMillis = startedAt + (moment / perSecond) * 1_000 - performance.now();
  if (waitMillis > 0) Atomics.wait(nobodyWakes, 0, 0, waitMillis);
  parentPort?.postMessage(performance.timeOrigin + startedAt + (moment / perSecond) * 1_000);
}
