import { constants, PerformanceObserver } from 'node:perf_hooks';
import { Histogram } from './histogram.ts';
import type { Labelled } from './metric.ts';

/** V8's kinds of collections, as the semantic conventions name them. */
const kinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** In seconds. */
const stopBounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Garbage collections of this thread: each stops it for as long as it takes. */
export class Collections {
  readonly #byKind = new Map([...kinds.values()].map((kind) => [kind, new Histogram(stopBounds)]));
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as unknown as Iterable<Entry>) this.#seen(duration, detail);
  });

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** By kind. */
  labelled(): Labelled[] {
    return [...this.#byKind].map(([kind, value]) => ({ labels: [kind], value }));
  }

  #seen(durationMillis: number, detail: Entry['detail']): void {
    this.#byKind.get(kinds.get(detail?.kind ?? 0) ?? '')?.observe(durationMillis / 1_000);
  }
}

interface Entry {
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}
