/**
 * What every process of Node can tell of itself: `process_*` as Prometheus's own clients name it, `nodejs_*` and `v8js_*` by
 * the semantic conventions.
 */
import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Collections } from './collections.ts';
import type { EventLoopDelay } from './event-loop.ts';
import { counter, gauge, histogram, type Labelled, type Metric } from './metric.ts';

export interface ProcessParts {
  readonly loop: EventLoopDelay;
  readonly collections: Collections;
}

/** Of one moment. */
export interface ProcessReadings extends ProcessParts {
  readonly memory: NodeJS.MemoryUsage;
  readonly cpu: NodeJS.CpuUsage;
}

export function readProcess(parts: ProcessParts): ProcessReadings {
  return { ...parts, memory: process.memoryUsage(), cpu: process.cpuUsage() };
}

export const processMetrics: readonly Metric<ProcessReadings>[] = [
  counter(
    'process_cpu_seconds_total',
    'seconds',
    'Processor time of all threads, in user and in system mode.',
    ({ cpu }) => (cpu.user + cpu.system) / 1e6,
  ),
  gauge(
    'process_start_time_seconds',
    'seconds',
    'When the process began, since 1970.',
    () => performance.timeOrigin / 1e3,
  ),
  gauge('process_resident_memory_bytes', 'bytes', 'Memory of the process that is in RAM.', ({ memory }) => memory.rss),
  gauge('process_open_fds', 'files', 'Open files and connections; on Linux only.', openFiles),
  gauge(
    'nodejs_memory_array_buffers_bytes',
    'bytes',
    "Typed arrays and buffers: the recommender's state, the duplicate windows, messages under way.",
    ({ memory }) => memory.arrayBuffers,
  ),
  gauge(
    'nodejs_memory_external_bytes',
    'bytes',
    'All that V8 knows of outside its heap, typed arrays and buffers included.',
    ({ memory }) => memory.external,
  ),
  histogram(
    'nodejs_eventloop_delay_seconds',
    'seconds',
    'How long something that happens at any moment waits for the event loop.',
    ({ loop }) => loop.seconds,
  ),
  counter(
    'nodejs_eventloop_time_seconds_total',
    'seconds',
    'How long the event loop was active, and how long it was idle.',
    () => {
      const { active, idle } = performance.eventLoopUtilization();
      return [
        { labels: ['active'], value: active / 1e3 },
        { labels: ['idle'], value: idle / 1e3 },
      ];
    },
    ['nodejs_eventloop_state'],
  ),
  histogram(
    'v8js_gc_duration_seconds',
    'seconds',
    'Garbage collections of the main thread by kind; it stands still meanwhile.',
    ({ collections }) => collections.labelled(),
    ['v8js_gc_type'],
  ),
  gauge('v8js_memory_heap_used_bytes', 'bytes', "V8's heap by space: what is in use.", heapOf('space_used_size'), [
    'v8js_heap_space_name',
  ]),
  gauge('v8js_memory_heap_limit_bytes', 'bytes', "V8's heap by space: what it has taken.", heapOf('space_size'), [
    'v8js_heap_space_name',
  ]),
];

function heapOf(size: 'space_used_size' | 'space_size'): () => Labelled[] {
  return () =>
    getHeapSpaceStatistics()
      .filter(({ space_size }) => space_size > 0)
      .map((space) => ({ labels: [space.space_name], value: space[size] }));
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
