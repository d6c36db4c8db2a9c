/** What a server counted of a model between two moments, by its own clock (Triton's `ModelStatistics`). */

import type { ModelStatisticsResponse, StatisticDuration } from '../../gen/grpc_service_pb.ts';

/** Means of a request; NaN where there was none. */
export interface ServerTimes {
  readonly requests: number;
  readonly totalMillis: number;
  readonly queueMillis: number;
  readonly inputMillis: number;
  readonly inferMillis: number;
  readonly outputMillis: number;
  /** Images or rows of a batch. */
  readonly batch: number;
}

const parts = ['success', 'queue', 'computeInput', 'computeInfer', 'computeOutput'] as const;
type Part = (typeof parts)[number];

interface Counted {
  readonly inferences: number;
  readonly executions: number;
  readonly durations: Readonly<Record<Part, { readonly count: number; readonly millis: number }>>;
}

/** All versions that are in the answers count together. */
export function serverTimes(before: ModelStatisticsResponse, after: ModelStatisticsResponse): ServerTimes {
  const [from, to] = [countedIn(before), countedIn(after)];
  const mean = (part: Part) => {
    const millis = to.durations[part].millis - from.durations[part].millis;
    return millis / (to.durations[part].count - from.durations[part].count);
  };
  return {
    requests: to.durations.success.count - from.durations.success.count,
    totalMillis: mean('success'),
    queueMillis: mean('queue'),
    inputMillis: mean('computeInput'),
    inferMillis: mean('computeInfer'),
    outputMillis: mean('computeOutput'),
    batch: (to.inferences - from.inferences) / (to.executions - from.executions),
  };
}

function countedIn({ modelStats }: ModelStatisticsResponse): Counted {
  const sum = (value: (one: (typeof modelStats)[number]) => bigint | undefined) =>
    Number(modelStats.reduce((all, one) => all + (value(one) ?? 0n), 0n));
  const durationOf = (part: Part) => {
    const of = (one: (typeof modelStats)[number]): StatisticDuration | undefined => one.inferenceStats?.[part];
    return [part, { count: sum((one) => of(one)?.count), millis: sum((one) => of(one)?.ns) / 1e6 }] as const;
  };
  return {
    inferences: sum(({ inferenceCount }) => inferenceCount),
    executions: sum(({ executionCount }) => executionCount),
    durations: Object.fromEntries(parts.map(durationOf)) as Counted['durations'],
  };
}
