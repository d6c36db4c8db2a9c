/**
 * Loaded into a server under test by `--import`: watches its event loop and its garbage collector, and writes what it saw
 * into the file named by `?readings=URL` when the process ends. SIGUSR2 begins anew.
 */

import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

export interface ProbeReadings {
  /** How late the event loop was, in milliseconds, beyond the resolution of one. */
  readonly loopDelayMillis: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of the garbage collector on the main thread: all together, and the longest stop. */
  readonly collectionMillis: number;
  readonly longestCollectionMillis: number;
}

const readings = new URL(import.meta.url).searchParams.get('readings');
const resolutionMillis = 1;
const delay = monitorEventLoopDelay({ resolution: resolutionMillis });
let collectionMillis = 0;
let longestCollectionMillis = 0;

const collections = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    collectionMillis += duration;
    longestCollectionMillis = Math.max(longestCollectionMillis, duration);
  }
});

function late(nanos: number): number {
  return Math.max(0, nanos / 1e6 - resolutionMillis);
}

if (readings !== null) {
  delay.enable();
  collections.observe({ entryTypes: ['gc'] });
  process.on('SIGUSR2', () => {
    delay.reset();
    collectionMillis = 0;
    longestCollectionMillis = 0;
  });
  process.on('exit', () => {
    const loopDelayMillis = { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
    const seen: ProbeReadings = { loopDelayMillis, collectionMillis, longestCollectionMillis };
    writeFileSync(new URL(readings), JSON.stringify(seen));
  });
}
