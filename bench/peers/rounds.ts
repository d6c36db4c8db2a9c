/** Ours and a peer's load in turn, so that the noise of the machine meets both; the median round of each counts. */

import { type Load, type LoadResult, openLoop } from '../load/open-loop.ts';
import type { Pace } from '../load/pace.ts';
import type { ServerCost } from '../measured-server.ts';
import { medianOf, type Percentiles, percentilesOf } from '../percentiles.ts';

/** What a side showed over its rounds. */
export interface Latency {
  readonly name: string;
  /** Of each figure the median of the rounds. */
  readonly millis: Percentiles;
  readonly latenessP99Millis: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
  readonly empty: number;
  /** Of the server; undefined where its process is not known. */
  readonly cpuMicrosPerRequest: number | undefined;
}

export interface Side {
  readonly name: string;
  readonly load: Load;
  /** What its server has used so far. */
  readonly cost?: (() => ServerCost) | undefined;
}

interface Round {
  readonly result: LoadResult;
  readonly cpuSeconds: number | undefined;
}

/** Runs each side once to warm up and then `rounds` times. */
export async function inRounds(sides: readonly Side[], rounds: number, pace: Pace): Promise<readonly Latency[]> {
  const results = sides.map((): Round[] => []);
  for (const { load } of sides) await openLoop(load, { ...pace, moments: Math.min(pace.moments, 2_000) });
  for (let round = 0; round < rounds; round++) {
    for (const [index, { load, cost }] of sides.entries()) {
      const before = cost?.().cpuSeconds ?? 0;
      const result = await openLoop(load, pace);
      results[index]!.push({ result, cpuSeconds: cost && cost().cpuSeconds - before });
    }
  }
  return sides.map(({ name }, index) => latencyOf(name, results[index]!));
}

function latencyOf(name: string, all: readonly Round[]): Latency {
  const rounds = all.map(({ result }) => result);
  const perRequest = all.flatMap(({ result, cpuSeconds }) =>
    cpuSeconds === undefined ? [] : [(cpuSeconds * 1e6) / result.latencies.length],
  );
  const each = rounds.map(({ latencies }) => percentilesOf(latencies));
  const median = (key: keyof Percentiles) => medianOf(each.map((percentiles) => percentiles[key]));
  return {
    name,
    millis: {
      p50: median('p50'),
      p90: median('p90'),
      p99: median('p99'),
      p999: median('p999'),
      max: median('max'),
    },
    latenessP99Millis: medianOf(rounds.map(({ lateness }) => percentilesOf(lateness).p99)),
    requestsPerSecond: medianOf(rounds.map(({ latencies, seconds }) => latencies.length / seconds)),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    empty: rounds.reduce((sum, { empty }) => sum + empty, 0),
    cpuMicrosPerRequest: perRequest.length === 0 ? undefined : medianOf(perRequest),
  };
}

export const latencyTitles = [
  'p50 ms',
  'p90',
  'p99',
  'p99.9',
  'sent late p99',
  'requests/s',
  'errors',
  'empty',
  'server CPU µs a request',
];

export function latencyCells(latency: Latency): string[] {
  const { millis, latenessP99Millis, requestsPerSecond, errors, empty, cpuMicrosPerRequest } = latency;
  return [
    ...(['p50', 'p90', 'p99', 'p999'] as const).map((name) => millis[name].toFixed(2)),
    latenessP99Millis.toFixed(2),
    requestsPerSecond.toFixed(0),
    String(errors),
    String(empty),
    cpuMicrosPerRequest?.toFixed(0) ?? '',
  ];
}
