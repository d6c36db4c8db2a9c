/** Levels as rows, in perf_analyzer's order: throughput, latency, and what the server says of its time. */

import type { Level } from './measure-level.ts';

export const levelTitles = [
  ...['inferences/s', 'p50 ms', 'p90', 'p95', 'p99', 'errors'],
  ...['queue ms', 'input', 'infer', 'output', 'batch'],
];

export function levelCells({ inferencesPerSecond, latencyMillis, errors, server }: Level): string[] {
  const { p50, p90, p95, p99 } = latencyMillis;
  const { queueMillis, inputMillis, inferMillis, outputMillis, batch } = server ?? notTold;
  return [
    inferencesPerSecond.toFixed(1),
    ...[p50, p90, p95, p99].map(figure),
    String(errors),
    ...[queueMillis, inputMillis, inferMillis, outputMillis, batch].map(figure),
  ];
}

const notTold = {
  queueMillis: Number.NaN,
  inputMillis: Number.NaN,
  inferMillis: Number.NaN,
  outputMillis: Number.NaN,
  batch: Number.NaN,
};

function figure(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '';
}

/** What stands below a table of levels. */
export const serverTimesNote =
  'Queue, input, infer and output are the server’s own means of a request (differences of ModelStatistics); batch is inferences by executions. Where they are empty, the server does not count them.';

/** What the failed requests were told. */
export function errorNotes(levels: readonly Level[]): string[] {
  const all = new Map<string, number>();
  for (const [message, count] of levels.flatMap(({ errorMessages }) => Object.entries(errorMessages))) {
    all.set(message, (all.get(message) ?? 0) + count);
  }
  return [...all].map(([message, count]) => `${count} × ${message}`);
}
