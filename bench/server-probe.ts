/**
 * Loaded into a server under test by `--import`: watches its event loop and its garbage collector, and writes what it saw
 * into the file named by `?readings=URL` when the process ends. SIGUSR2 begins anew. With `?samples=URL` it also writes a
 * line of JSON there each second; with `?loop=no` it leaves the event loop alone; with `?digest=yes` what it saw has the digest of the state that served. A server's own answer to
 * `GetStateStatus` is that of a second fold in a thread of its own, which says nothing of the one that serves.
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { digestOf } from '../src/recommendation/fold/digest.ts';
import { State } from '../src/recommendation/fold/state.ts';

/** How late the event loop was, in milliseconds, beyond the resolution of one. Collections are part of it. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Collections of one kind on the main thread, each of which stops it. */
export interface Collections {
  readonly count: number;
  readonly millis: number;
  readonly longestMillis: number;
}

/** V8's kinds: the young objects alone, all of them, steps of marking, weak callbacks. */
export type CollectionKind = 'minor' | 'major' | 'incremental' | 'weak';

export interface ProbeReadings {
  readonly loopDelayMillis: LoopDelay;
  /** Of the garbage collector on the main thread: all together, and the longest stop. */
  readonly collectionMillis: number;
  readonly longestCollectionMillis: number;
  readonly collections: Readonly<Partial<Record<CollectionKind, Collections>>>;
  /** Of the default tenant's state, at the end. Absent: it was not asked for, or nothing was read. */
  readonly served?: { readonly sequence: number; readonly digest: string };
}

/** One second. */
export interface ProbeSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Typed arrays and buffers. */
  readonly arrayBufferBytes: number;
  /** All that V8 knows of outside its heap, typed arrays and buffers included. */
  readonly externalBytes: number;
  readonly loopDelayMillis: LoopDelay;
  readonly collectionMillis: number;
}

const parameters = new URL(import.meta.url).searchParams;
const readings = parameters.get('readings');
const samples = parameters.get('samples');
/** To look each millisecond costs 1 % of a core. */
const watchesLoop = parameters.get('loop') !== 'no';
let servedState: State | undefined;
const resolutionMillis = 1;
const delay = monitorEventLoopDelay({ resolution: resolutionMillis });
/** `constants.NODE_PERFORMANCE_GC_…` */
const kinds: Readonly<Record<number, CollectionKind>> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weak' };
let collections: Partial<Record<CollectionKind, Collections>> = {};

const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries() as readonly { duration: number; detail?: { kind?: number } }[]) {
    const { duration } = entry;
    const kind = kinds[entry.detail?.kind ?? 0] ?? 'minor';
    const { count, millis, longestMillis } = collections[kind] ?? { count: 0, millis: 0, longestMillis: 0 };
    collections[kind] = {
      count: count + 1,
      millis: millis + duration,
      longestMillis: Math.max(longestMillis, duration),
    };
  }
});

function loopDelayOf(histogram: typeof delay): LoopDelay {
  const late = (nanos: number) => Math.max(0, nanos / 1e6 - resolutionMillis);
  const [p50, p99, p999] = [50, 99, 99.9].map((share) => late(histogram.percentile(share)));
  return { p50: p50!, p99: p99!, p999: p999!, max: late(histogram.max) };
}

function collectedMillis(): number {
  return Object.values(collections).reduce((sum, { millis }) => sum + millis, 0);
}

function sampleInto(file: URL): void {
  const ofSecond = monitorEventLoopDelay({ resolution: resolutionMillis });
  if (watchesLoop) ofSecond.enable();
  let collectedBefore = 0;
  const timer = setInterval(() => {
    const { rss, heapUsed, heapTotal, arrayBuffers, external } = process.memoryUsage();
    const collected = collectedMillis();
    const sample: ProbeSample = {
      at: Date.now(),
      residentBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      arrayBufferBytes: arrayBuffers,
      externalBytes: external,
      loopDelayMillis: loopDelayOf(ofSecond),
      collectionMillis: Math.max(0, collected - collectedBefore),
    };
    collectedBefore = collected;
    ofSecond.reset();
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
  }, 1_000);
  timer.unref();
}

/** The first state that is read from on the main thread is the one that serves. */
function watchState(): void {
  const { tenant } = State.prototype;
  State.prototype.tenant = function first(this: State, name: string) {
    servedState = this;
    State.prototype.tenant = tenant;
    return tenant.call(this, name);
  };
}

function servedOf(state: State | undefined): Pick<ProbeReadings, 'served'> {
  const tenant = state?.tenant('');
  if (state === undefined || tenant === undefined) return {};
  return { served: { sequence: state.sequence, digest: digestOf(tenant) } };
}

// Worker threads of the server load this file too.
if (readings !== null && isMainThread) {
  if (parameters.has('digest')) watchState();
  if (watchesLoop) delay.enable();
  observer.observe({ entryTypes: ['gc'] });
  if (samples !== null) sampleInto(new URL(samples));
  process.on('SIGUSR2', () => {
    delay.reset();
    collections = {};
  });
  process.on('exit', () => {
    const seen: ProbeReadings = {
      loopDelayMillis: loopDelayOf(delay),
      collectionMillis: collectedMillis(),
      longestCollectionMillis: Math.max(0, ...Object.values(collections).map(({ longestMillis }) => longestMillis)),
      collections,
      ...servedOf(servedState),
    };
    writeFileSync(new URL(readings), JSON.stringify(seen));
  });
}
