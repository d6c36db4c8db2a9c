import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Between two full collections lies at least this, in milliseconds. */
const shortestPause = 9_000;
/** And at least so many milliseconds for each megabyte that is held: marking one takes 1.6 of a core, so that all of it stays near 1.6 %. */
const pausePerMegabyte = 100;

/**
 * Has V8 collect the whole heap more often than it would, as long as there are young collections, that is, work. What a full
 * collection stops the thread for grows with what died since the last one: Node makes the values of HTTP/2 headers, some five a call, strings
 * outside V8's heap, which are freed one by one inside the stop. Left alone, V8 waits for the heap to double or more: 25 to 60 ms
 * every 15 seconds at 1,000 calls/s, against some 20 every 9. Every 4 it was no shorter: most of that does not depend on what died, and the tenth
 * of a second of marking before each stop makes calls wait as well.
 *
 * V8 has no call that begins a full collection which marks beside the program. But it begins one by itself where the old generation has
 * grown by a share of what it may grow: that share is lowered to 1 % when one is due, and given back when it is over. What it may grow
 * is as much as is held: V8's own measure, a tenth to three times of it by how fast the program was lately, has two collections follow
 * each other within half a second when a quiet server gets busy.
 *
 * Answers how to end it. `pause`: as {@link pauseAfter}.
 */
export function collectOften(pause = pauseAfter): () => void {
  let dueAt = performance.now() + pause(0);
  let isAsked = false;
  setFlagsFromString('--heap-growing-percent=100');
  const ask = (asks: boolean) => {
    if (asks === isAsked) return;
    isAsked = asks;
    // 0: as V8 would without.
    setFlagsFromString(`--incremental-marking-soft-trigger=${asks ? 1 : 0}`);
  };
  const observer = new PerformanceObserver((list) => {
    const now = performance.now();
    if (hasMajor(list.getEntries() as unknown as readonly Entry[])) {
      dueAt = now + pause(getHeapStatistics().used_heap_size);
      ask(false);
    } else if (now >= dueAt) ask(true);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    observer.disconnect();
    ask(false);
    setFlagsFromString('--heap-growing-percent=0');
  };
}

/** How long after a full collection that left so many bytes the next one is due, in milliseconds. */
export function pauseAfter(heldBytes: number): number {
  return Math.max(shortestPause, (heldBytes / 1e6) * pausePerMegabyte);
}

interface Entry {
  readonly detail?: { readonly kind?: number };
}

function hasMajor(entries: readonly Entry[]): boolean {
  return entries.some(({ detail }) => detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
}
