/** A number of requests under way, for as long as it takes until the figures hold still. */

import { setTimeout as wait } from 'node:timers/promises';
import type { ModelStatisticsResponse } from '../../gen/grpc_service_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { percentileOf } from '../percentiles.ts';
import type { Lane } from './lanes.ts';
import type { Requests } from './requests.ts';
import { type ServerTimes, serverTimes } from './server-times.ts';
import { isSteady, meanOf, steadyWindows, type Window } from './stability.ts';

export interface LevelPlan {
  readonly requests: Requests;
  readonly concurrency: number;
  /** Before the first window. */
  readonly warmUpSeconds: number;
  readonly windowSeconds: number;
  /** At most. */
  readonly windows: number;
  /** How far the windows may differ from their mean; 1: any window does, and the first `windows` count. */
  readonly steadyWithin: number;
  openLane(): Lane;
  /** Of the server, so far; absent: its process is not known. */
  cpuSeconds?(): number;
  statistics(): Promise<ModelStatisticsResponse | undefined>;
  progress(text: string): void;
}

/** What a number of requests under way came to, over the windows that agreed. */
export interface Level {
  readonly concurrency: number;
  readonly inferencesPerSecond: number;
  readonly requestsPerSecond: number;
  readonly latencyMillis: Readonly<Record<'mean' | 'p50' | 'p90' | 'p95' | 'p99', number>>;
  readonly answered: number;
  readonly errors: number;
  /** What was said of how many of these errors. */
  readonly errorMessages: Readonly<Record<string, number>>;
  readonly server: ServerTimes | undefined;
  /** Undefined: its process is not known. */
  readonly inferencesPerServerCpuSecond: number | undefined;
  readonly windows: number;
  readonly isSteady: boolean;
  /** Of one core: what the load itself used. */
  readonly loadCpuShare: number;
}

interface Measured extends Window {
  readonly errors: Map<string, number>;
  readonly before: ModelStatisticsResponse | undefined;
  readonly after: ModelStatisticsResponse | undefined;
  /** Of this program, and of the server. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number | undefined;
}

/** Messages that are told apart. */
const mostMessages = 8;

/** Measures one level. Rejects where the server's counters can't be had any more. */
export async function measureLevel(plan: LevelPlan): Promise<Level> {
  const load = startLoad(plan);
  const measured: Measured[] = [];
  try {
    await wait(plan.warmUpSeconds * 1e3);
    let steady = false;
    while (!steady && measured.length < plan.windows) {
      measured.push(await measureWindow(load, plan));
      steady = isSteady(measured, plan.steadyWithin);
      plan.progress(windowLine(measured.at(-1)!, measured.length, plan));
    }
    return levelOf(measured.slice(-steadyWindows), plan, measured.length, steady);
  } finally {
    await load.stop();
  }
}

interface Load {
  /** What follows is counted there. */
  countInto(latencies: number[], errors: Map<string, number>): void;
  stop(): Promise<void>;
}

function startLoad({ requests, concurrency, openLane }: LevelPlan): Load {
  let latencies: number[] = [];
  let errors = new Map<string, number>();
  let isOver = false;
  let next = 0;
  const runLane = async (): Promise<void> => {
    const lane = openLane();
    while (!isOver) {
      const sentAt = performance.now();
      try {
        await lane.ask(requests.encoded[next++ % requests.encoded.length]!);
        latencies.push(performance.now() - sentAt);
      } catch (error) {
        note(errors, error);
        // A server that refuses at once is not to be asked in a tight loop.
        await wait(pauseAfterErrorMillis);
      }
    }
    lane.close();
  };
  const lanes = Promise.all(Array.from({ length: concurrency }, runLane));
  return {
    countInto(into, intoErrors) {
      latencies = into;
      errors = intoErrors;
    },
    async stop() {
      isOver = true;
      await lanes;
    },
  };
}

const pauseAfterErrorMillis = 1;

function note(errors: Map<string, number>, error: unknown): void {
  const { code, message } = PalateError.from(error);
  const said = `${code}: ${message}`;
  const key = errors.has(said) || errors.size < mostMessages ? said : 'others';
  errors.set(key, (errors.get(key) ?? 0) + 1);
}

async function measureWindow(load: Load, plan: LevelPlan): Promise<Measured> {
  const latencies: number[] = [];
  const errors = new Map<string, number>();
  const before = await plan.statistics();
  const cpuBefore = process.cpuUsage();
  const serverBefore = plan.cpuSeconds?.() ?? Number.NaN;
  load.countInto(latencies, errors);
  const begun = performance.now();
  await wait(plan.windowSeconds * 1e3);
  const seconds = (performance.now() - begun) / 1e3;
  load.countInto([], new Map());
  const { user, system } = process.cpuUsage(cpuBefore);
  const serverCpuSeconds = plan.cpuSeconds && plan.cpuSeconds() - serverBefore;
  const cpuSeconds = (user + system) / 1e6;
  return { latencies, errors, seconds, before, after: await plan.statistics(), cpuSeconds, serverCpuSeconds };
}

function windowLine({ latencies, seconds }: Measured, window: number, { concurrency, requests }: LevelPlan): string {
  const rate = ((latencies.length / seconds) * requests.batch).toFixed(1);
  return `${concurrency} at a time, window ${window}: ${rate} inferences/s, ${meanOf(latencies).toFixed(2)} ms`;
}

function levelOf(last: readonly Measured[], plan: LevelPlan, windows: number, steady: boolean): Level {
  const latencies = Float64Array.from(last.flatMap((window) => window.latencies)).sort();
  const sumOf = (value: (window: Measured) => number) => last.reduce((sum, window) => sum + value(window), 0);
  const seconds = sumOf((window) => window.seconds);
  const serverCpuSeconds = sumOf((window) => window.serverCpuSeconds ?? Number.NaN);
  const perServerCpuSecond = (latencies.length * plan.requests.batch) / serverCpuSeconds;
  const messages = messagesOf(last);
  const [before, after] = [last[0]?.before, last.at(-1)?.after];
  const at = (share: number) => percentileOf(latencies, share);
  return {
    concurrency: plan.concurrency,
    inferencesPerSecond: (latencies.length / seconds) * plan.requests.batch,
    requestsPerSecond: latencies.length / seconds,
    latencyMillis: { mean: meanOf([...latencies]), p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) },
    answered: latencies.length,
    errors: [...messages.values()].reduce((sum, count) => sum + count, 0),
    errorMessages: Object.fromEntries(messages),
    server: before === undefined || after === undefined ? undefined : serverTimes(before, after),
    windows,
    isSteady: steady,
    inferencesPerServerCpuSecond: Number.isFinite(perServerCpuSecond) ? perServerCpuSecond : undefined,
    loadCpuShare: sumOf(({ cpuSeconds }) => cpuSeconds) / seconds,
  };
}

function messagesOf(windows: readonly Measured[]): ReadonlyMap<string, number> {
  const messages = new Map<string, number>();
  for (const [message, count] of windows.flatMap(({ errors }) => [...errors])) {
    messages.set(message, (messages.get(message) ?? 0) + count);
  }
  return messages;
}
